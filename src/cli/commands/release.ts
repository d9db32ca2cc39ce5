import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from '../job-words.js';

export const release: Command = {
  usage: `[options] ${JOBS_USAGE}`,
  arguments: '[words...]',
  description: `Lets held jobs go: those whose time has come are ready, the others wait for it.
By a filter (queuectl help filters) it asks first.`,
  examples: [
    { command: 'queuectl release 42', does: 'one job' },
    { command: 'queuectl release 3-9,12', does: 'several' },
    { command: 'queuectl release tag:nightly', does: 'all that are held and have a tag' },
  ],
  flags: [DRY_RUN_FLAG, YES_FLAG],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) =>
    actOnJobs(context, readJobWords(context.args, 'release'), {
      act: { act: 'release' },
      verb: 'release',
      participle: 'released',
      sentence: (id, { state }) =>
        state === 'scheduled' ? `Job ${id} is released, and waits for its time.` : `Job ${id} is released.`,
    }),
};
