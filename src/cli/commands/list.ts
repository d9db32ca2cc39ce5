import { workText } from '../../job/command.js';
import type { Job } from '../../job/job.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import { toJobJson } from '../../job/to-json.js';
import type { Command, Context } from '../command.js';
import { jobFields } from '../job-fields.js';
import { AFTER_FLAG, LIMIT_FLAG, QUEUE_FLAG, readPage, readQueue, readStates } from '../job-filter.js';
import { instantCell } from '../output/table.js';
import type { Table } from '../output/table.js';

export const list: Command = {
  usage: '[options]',
  examples: [
    { command: 'queuectl list', does: 'what waits to run' },
    { command: 'queuectl list --state failed,dead', does: 'what went wrong' },
    { command: 'queuectl list --state all --json --fields id,state', does: 'for a script' },
  ],
  flags: [
    { long: 'state', argument: 'S[,S]', help: 'jobs in these states, or all (pending)' },
    QUEUE_FLAG,
    LIMIT_FLAG,
    AFTER_FLAG,
  ],
  fields: jobFields,
  run: async (context) => {
    const { flags, output } = context;
    const states = readStates(flags, ['pending']);
    const filter = { states, queue: readQueue(flags) };
    const queue = await context.openQueue();
    const { jobs, more } = await readPage(queue, filter, flags);
    await printJobs(context, states, jobs);
    if (output.json || output.quiet) return;
    if (more !== undefined) output.note(more);
    if (!states.includes('failed')) noteRetries(context, (await queue.counts()).failed);
  },
};

async function printJobs({ output }: Context, states: readonly State[], jobs: readonly Job[]): Promise<void> {
  if (output.json) return output.array(jobs.map(toJobJson));
  if (output.quiet) return jobs.forEach((job) => output.line(job.id));
  output.heading(`Jobs (${states.length === STATES.length ? 'all' : states.join(', ')})`);
  return output.table(jobTable(jobs));
}

function jobTable(jobs: readonly Job[]): Table {
  return {
    columns: [
      { name: 'id' },
      { name: 'command' },
      { name: 'state' },
      { name: 'attempts', right: true },
      { name: 'updated_at' },
    ],
    rows: jobs.map((job) => [job.id, workText(job), job.state, job.attempts, instantCell(job.updatedAtMs)]),
  };
}

/** A failed job is not pending until its retry is due: who looks for it here is told where it is. */
function noteRetries({ output }: Context, failed: number): void {
  if (failed === 0) return;
  const wait =
    failed === 1 ? '1 failed job waits for its retry' : `${failed} failed jobs wait for their retry`;
  output.note(`${wait}: queuectl list --state failed`);
}
