import { workText } from '../../job/command.js';
import type { Job, Run } from '../../job/job.js';
import { toJobJson } from '../../job/to-json.js';
import type { Queue } from '../../queue.js';
import type { Command } from '../command.js';
import { jobFields } from '../job-fields.js';
import { AFTER_FLAG, LIMIT_FLAG, QUEUE_FLAG, readPage, readQueue } from '../job-filter.js';
import { lastLines, outputTail } from '../job-output.js';
import { instantCell } from '../output/table.js';
import type { Cell } from '../output/table.js';

interface DeadJob {
  readonly job: Job;
  /** The end of what its last run printed. */
  readonly output: string;
}

export const dlqList: Command = {
  usage: '[options]',
  description: 'Lists the dead letter queue: the jobs that are out of attempts, and what they printed last.',
  examples: [
    { command: 'queuectl dlq list', does: 'the dead jobs' },
    { command: 'queuectl dlq retry $(queuectl dlq list -q)', does: 'let them all run again' },
  ],
  flags: [QUEUE_FLAG, LIMIT_FLAG, AFTER_FLAG],
  fields: () => [...jobFields(), 'output'],
  run: async ({ flags, output, openQueue }) => {
    const filter = { states: ['dead'], queue: readQueue(flags) } as const;
    const queue = await openQueue();
    const { jobs, more } = await readPage(queue, filter, flags);
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
