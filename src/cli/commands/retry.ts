import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from '../job-words.js';

export const retry: Command = {
  usage: `[options] ${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Lets jobs that are over (dead, cancelled, completed) run again, with all their attempts, and jobs that wait
for their retry at once. Their history is kept. By a filter (queuectl help filters) it asks first.`,
  examples: [
    { command: 'queuectl retry 42', does: 'one job' },
    { command: 'queuectl retry state:failed', does: 'every job that waits for its retry, now' },
    {
      command: 'queuectl retry state:cancelled after:-1h --delay 10m',
      does: 'what was cancelled lately, in ten minutes',
    },
  ],
  flags: [
    { long: 'delay', short: 'd', argument: 'DURATION', help: 'not before this long from now' },
    DRY_RUN_FLAG,
    YES_FLAG,
  ],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) =>
    actOnJobs(context, readJobWords(context.args, 'retry'), {
      act: { act: 'retry', delay: context.flags.text('delay') },
      verb: 'retry',
      participle: 'retried',
      sentence: (id) => `✅ Job ${id} has been re-queued for retry.`,
    }),
};
