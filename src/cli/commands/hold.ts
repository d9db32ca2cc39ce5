import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from '../job-words.js';

export const hold: Command = {
  usage: `[options] ${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Puts jobs that wait aside: none of them starts until it is released. What runs goes on; cancel ends it.
By a filter (queuectl help filters) it asks first.`,
  examples: [
    { command: 'queuectl hold 42', does: 'one job' },
    { command: 'queuectl hold 3-9,12', does: 'several' },
    { command: 'queuectl hold queue:video tag:nightly', does: 'all of a queue with a tag' },
  ],
  flags: [DRY_RUN_FLAG, YES_FLAG],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) =>
    actOnJobs(context, readJobWords(context.args, 'hold'), {
      act: { act: 'hold' },
      verb: 'hold',
      participle: 'held',
      sentence: (id) => `Job ${id} is held.`,
    }),
};
