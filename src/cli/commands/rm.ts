import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from '../job-words.js';

export const rm: Command = {
  usage: `[options] ${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Removes jobs for good, with their history and output. One that waits never runs; one that runs is not removed:
cancel it first. By a filter (queuectl help filters) it asks first.`,
  examples: [
    { command: 'queuectl rm 42', does: 'one job' },
    { command: 'queuectl rm state:cancelled queue:video --dry-run', does: 'how many that would be' },
    {
      command: 'queuectl rm state:over tag:test --yes',
      does: 'all that are over and have a tag, without asking',
    },
  ],
  flags: [DRY_RUN_FLAG, YES_FLAG],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) =>
    actOnJobs(context, readJobWords(context.args, 'rm'), {
      act: { act: 'remove' },
      verb: 'remove',
      participle: 'removed',
      sentence: (id) => `Job ${id} is removed.`,
    }),
};
