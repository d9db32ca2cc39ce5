import type { Job } from '../../job/job.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import { toJobJson } from '../../job/to-json.js';
import { usageError } from '../../errors.js';
import type { Command } from '../command.js';
import type { Output } from '../output/output.js';
import { COLUMNS_FLAG, jobTable, readColumns, readSort, SORT_FLAG } from '../job-columns.js';
import { jobFields } from '../job-fields.js';
import { AFTER_FLAG, FILTER_FLAGS, LIMIT_FLAG, readFilter, readPage, readStates } from '../job-filter.js';

const COLUMNS = ['id', 'command', 'state', 'attempts', 'updated_at'];

export const list: Command = {
  usage: '[options] [FILTER…]',
  arguments: '[words...]',
  description: `Lists jobs: the pending ones, or those that a filter means, in any state (queuectl help filters).`,
  examples: [
    { command: 'queuectl list', does: 'what waits to run' },
    { command: 'queuectl list --state failed,dead', does: 'what went wrong' },
    { command: 'queuectl list exit:137 queue:video after:-2h', does: 'by a filter' },
    {
      command: 'queuectl list --state all --sort -finished_at --columns id,state,took',
      does: 'what ended last',
    },
    { command: 'queuectl list --state all --json --fields id,state', does: 'for a script' },
  ],
  flags: [
    { long: 'state', argument: 'S[,S]', help: 'jobs in these states, or all (pending; with a filter all)' },
    ...FILTER_FLAGS,
    COLUMNS_FLAG,
    SORT_FLAG,
    LIMIT_FLAG,
    AFTER_FLAG,
    { long: 'watch', help: 'go on, and show each change, on a terminal' },
  ],
  fields: jobFields,
  run: async (context) => {
    const { args, flags, output } = context;
    const filter = readFilter(args, flags);
    const states = readStates(flags, args.length === 0 ? ['pending'] : STATES);
    const columns = readColumns(flags, COLUMNS);
    const request = { states, sort: readSort(flags), ...filter };
    if (flags.has('watch')) requireTerminal(output);
    const queue = await context.openQueue();
    const print = async (into: Output): Promise<void> => {
      const { jobs, more } = await readPage(queue, request, flags);
      await printJobs(into, states, columns, jobs);
      if (more !== undefined) into.note(more);
    };
    if (flags.has('watch')) {
      const { showLive } = await import('../output/live.js');
      return showLive(queue.store, () => output.captured(print));
    }
    await print(output);
    if (output.json || output.quiet) return 0;
    if (args.length === 0 && !states.includes('failed')) noteRetries(output, (await queue.counts()).failed);
    return 0;
  },
};

function requireTerminal({ json, quiet, terminal }: Output): void {
  if (json || quiet || !terminal)
    throw usageError('--watch draws on a terminal', 'for a program: queuectl events -f --json');
}

async function printJobs(
  output: Output,
  states: readonly State[],
  columns: readonly string[],
  jobs: readonly Job[],
): Promise<void> {
  if (output.json) return output.array(jobs.map(toJobJson));
  if (output.quiet) return jobs.forEach((job) => output.line(job.id));
  output.heading(`Jobs (${states.length === STATES.length ? 'all' : states.join(', ')})`);
  return output.table(jobTable(jobs, columns));
}

/** A failed job is not pending until its retry is due: who looks for it here is told where it is. */
function noteRetries(output: Output, failed: number): void {
  if (failed === 0) return;
  const wait =
    failed === 1 ? '1 failed job waits for its retry' : `${failed} failed jobs wait for their retry`;
  output.note(`${wait}: queuectl list --state failed`);
}
