import { unknownWord } from '../../job/show-value.js';
import type { WaitOptions } from '../../wait-jobs.js';
import type { Command } from '../command.js';
import type { Flags } from '../flags.js';
import { jobFields } from '../job-fields.js';
import { JOBS_USAGE, readJobWords } from '../job-words.js';
import { waitForJobs } from '../wait-for-jobs.js';

export const wait: Command = {
  usage: `[options] ${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Waits until jobs are over: completed, dead or cancelled. Which jobs a filter means is settled when the wait begins;
jobs that come later are not waited for, and those that are over already count. A held job is not over until it is let go.

For one job the exit code is the job's own, as run has it: 0 when it completed, 128+n when signal n ended it, 124 when
it timed out, 1 where it did not complete and has no code. For several: 0 all completed, 7 only a part of them,
1 none. 124: the wait took longer than --timeout. 3: a job was not found, or was removed meanwhile.
With --json each job is printed as it ended, an object a line.`,
  examples: [
    { command: 'queuectl wait 42', does: 'and exit as it does' },
    { command: 'queuectl wait 3-9,12 --timeout 10m', does: 'several, ten minutes at most' },
    { command: 'queuectl wait tag:nightly not state:over', does: 'those of a filter that are not over' },
    { command: 'queuectl wait --any 7 8', does: 'until the first of them is over' },
  ],
  flags: [
    {
      long: 'for',
      argument: 'WHAT',
      help: 'finished (default), or completed: no longer than until one ends in another way',
    },
    { long: 'any', help: 'until the first of them is over, and exit as it does' },
    { long: 'timeout', argument: 'DURATION', help: 'wait no longer (exit code 124)' },
  ],
  fields: jobFields,
  run: async (context) => {
    const { filter } = readJobWords(context.args, 'wait');
    const options = readOptions(context.flags);
    return waitForJobs(context, await context.openQueue(), filter, options);
  },
};

function readOptions(flags: Flags): WaitOptions {
  const end = flags.text('for') ?? 'finished';
  if (end !== 'finished' && end !== 'completed')
    throw unknownWord('value of --for', end, ['finished', 'completed']);
  const timeout = flags.text('timeout');
  flags.duration('timeout', Number.MAX_SAFE_INTEGER);
  return { for: end, any: flags.has('any'), timeout };
}
