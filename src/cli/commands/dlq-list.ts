import { workText } from '../../job/command.js';
import type { Job, Run } from '../../job/job.js';
import { toJobJson } from '../../job/to-json.js';
import type { Queue } from '../../queue.js';
import type { Command } from '../command.js';
import { jobFields } from '../job-fields.js';
import { AFTER_FLAG, FILTER_FLAGS, LIMIT_FLAG, readFilter, readPage } from '../job-filter.js';
import { readSort, SORT_FLAG } from '../job-columns.js';
import { GROUP_FIELDS, GROUPS, printDeadGroups } from '../dead-groups.js';
import type { Flags } from '../flags.js';
import { usageError } from '../../errors.js';
import { unknownWord } from '../../job/show-value.js';
import type { GroupBy } from '../../job/selection.js';
import { lastLines, outputTail } from '../job-output.js';
import { instantCell } from '../output/table.js';
import type { Cell } from '../output/table.js';

interface DeadJob {
  readonly job: Job;
  /** The end of what its last run printed. */
  readonly output: string;
}

export const dlqList: Command = {
  usage: '[options] [FILTER…]',
  arguments: '[words...]',
  description: 'Lists the dead letter queue: the jobs that are out of attempts, and what they printed last.',
  examples: [
    { command: 'queuectl dlq list', does: 'the dead jobs' },
    {
      command: 'queuectl dlq list --group-by error',
      does: 'why they are dead: each cause once, and how many have it',
    },
    { command: 'queuectl dlq list exit:127 queue:video', does: 'by a filter' },
    { command: 'queuectl dlq retry --all', does: 'let them all run again' },
  ],
  flags: [
    { long: 'group-by', argument: 'WHAT', help: `the number of jobs by ${GROUPS.join(', ')}` },
    ...FILTER_FLAGS,
    SORT_FLAG,
    LIMIT_FLAG,
    AFTER_FLAG,
  ],
  fields: () => [...jobFields(), 'output', ...GROUP_FIELDS],
  run: async (context) => {
    const { args, flags, output, openQueue } = context;
    const groupBy = readGroupBy(flags);
    const chosen = readFilter(args, flags);
    const request = { states: ['dead'], sort: readSort(flags), ...chosen } as const;
    const queue = await openQueue();
    if (groupBy !== undefined) return printDeadGroups(context, queue, groupBy, chosen);
    const { jobs, more } = await readPage(queue, request, flags);
    if (output.quiet && !output.json) return jobs.forEach((job) => output.line(job.id));
    const dead = await readOutputs(queue, jobs);
    if (output.json) return output.array(dead.map(({ job, output }) => ({ ...toJobJson(job), output })));
    output.heading('Dead Letter Queue Jobs');
    await output.table({
      columns: [{ name: 'id' }, { name: 'command' }, { name: 'output' }, { name: 'updated_at' }],
      rows: dead.map(({ job, output }) => [
        job.id,
        workText(job),
        outputCell(job, output),
        instantCell(job.updatedAtMs),
      ]),
    });
    if (more !== undefined) output.note(more);
  },
};

function readGroupBy(flags: Flags): GroupBy | undefined {
  const word = flags.text('group-by');
  if (word === undefined) return undefined;
  const by = GROUPS.find((known) => known === word);
  if (by === undefined) throw unknownWord('group', word, GROUPS);
  const other = ['sort', 'limit', 'after'].find((long) => flags.has(long));
  if (other !== undefined)
    throw usageError(`--group-by and --${other} exclude each other`, 'the largest groups come first');
  return by;
}

async function readOutputs(queue: Queue, jobs: readonly Job[]): Promise<DeadJob[]> {
  const runs = await queue.latestRuns(jobs);
  const dead: DeadJob[] = [];
  for (const job of jobs) {
    const run: Run | undefined = runs.get(job.seq);
    dead.push({ job, output: run === undefined ? '' : await outputTail(queue, job, run) });
  }
  return dead;
}

/** A box has room for one line: the last one, or where nothing was printed, the reason. */
function outputCell(job: Job, output: string): Cell {
  const reason = 'reason' in job && job.reason !== null ? `(${job.reason})` : '';
  return { box: output === '' ? reason : lastLines(output, 1), tsv: output };
}
