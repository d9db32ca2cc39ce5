import { actOnJobs, BULK_FIELDS } from '../act-on-jobs.js';
import type { Command } from '../command.js';
import { YES_FLAG } from '../confirm.js';
import { jobFields } from '../job-fields.js';
import { commandOfWords, jobFlags, settingsFromFlags } from '../job-flags.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from '../job-words.js';

export const set: Command = {
  usage: `[options] ${JOBS_USAGE} [-- COMMAND…]`,
  arguments: '[words...]',
  takesJobWords: true,
  description: `Gives jobs other settings: any option of a job but its id. What runs is left alone; what is over gets
them for its next retry. --tag replaces all tags. By a filter (queuectl help filters) it asks first.`,
  examples: [
    { command: 'queuectl set 42 --priority 10', does: 'it goes before the others' },
    { command: 'queuectl set 42 --at 2026-12-24T18:00', does: 'it waits until then' },
    { command: 'queuectl set state:dead exit:137 --memory-limit 4G', does: 'before they are retried' },
    { command: 'queuectl set 42 -- make report2', does: 'another command' },
  ],
  flags: [...jobFlags(['id', 'hold']), DRY_RUN_FLAG, YES_FLAG],
  fields: () => [...jobFields(), ...BULK_FIELDS],
  run: async (context) => {
    const { flags, args, jobWords } = context;
    const command = jobWords === null ? {} : { command: commandOfWords(jobWords) };
    return actOnJobs(context, readJobWords(args, 'set'), {
      act: { act: 'set', settings: { ...settingsFromFlags(flags), ...command } },
      verb: 'change',
      participle: 'changed',
      sentence: (id) => `Job ${id} is changed.`,
    });
  },
};
