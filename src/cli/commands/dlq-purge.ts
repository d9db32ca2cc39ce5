import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE } from '../job-words.js';
import { readDeadWords } from './dlq-retry.js';

export const dlqPurge: Command = {
  usage: `[options] --all|${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Removes dead jobs for good, with their history and output. By a filter (queuectl help filters), or with
--all, it asks first.`,
  examples: [
    { command: 'queuectl dlq purge 42', does: 'one job' },
    { command: 'queuectl dlq purge ended-before:-30d', does: 'those that have been dead for a month' },
    { command: 'queuectl dlq purge --all --dry-run', does: 'how many there are' },
  ],
  flags: [{ long: 'all', help: 'every dead job' }, DRY_RUN_FLAG, YES_FLAG],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) =>
    actOnJobs(context, readDeadWords(context, 'dlq purge'), {
      act: { act: 'remove', from: ['dead'] },
      verb: 'remove',
      participle: 'removed',
      sentence: (id) => `Job ${id} is removed.`,
    }),
};
