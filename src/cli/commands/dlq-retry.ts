import { usageError } from '../../errors.js';
import { EVERY_JOB } from '../../job/filter/filter.js';
import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command, Context } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from '../job-words.js';
import type { JobWords } from '../job-words.js';

export const dlqRetry: Command = {
  usage: `[options] --all|${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Puts dead jobs back into the queue, with all their attempts. Their history is kept. By a filter (queuectl
help filters), or with --all, it asks first.`,
  examples: [
    { command: 'queuectl dlq retry 42', does: 'one job' },
    { command: 'queuectl dlq retry exit:127 queue:video', does: 'those that failed in one way' },
    { command: 'queuectl dlq retry --all --yes', does: 'all of them, without asking' },
  ],
  flags: [
    { long: 'all', help: 'every dead job' },
    { long: 'delay', short: 'd', argument: 'DURATION', help: 'not before this long from now' },
    DRY_RUN_FLAG,
    YES_FLAG,
  ],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) =>
    actOnJobs(context, readDeadWords(context, 'dlq retry'), {
      act: { act: 'retry', from: ['dead'], delay: context.flags.text('delay') },
      verb: 'retry',
      participle: 'retried',
      sentence: (id) => `✅ Job ${id} has been re-queued for retry.`,
    }),
};

/** The words, or --all of the dead jobs. Throws `usage`. */
export function readDeadWords({ args, flags }: Context, command: string): JobWords {
  if (!flags.has('all')) return readJobWords(args, command);
  if (args.length > 0)
    throw usageError('--all and a choice of jobs exclude each other', 'leave one of them out');
  return { filter: EVERY_JOB, ids: null };
}
