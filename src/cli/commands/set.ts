import { changeCommand } from '../change-command.js';
import { commandOfWords, jobFlags, settingsFromFlags } from '../job-flags.js';

export const set = changeCommand({
  name: 'set',
  takesJobWords: true,
  description: `Gives jobs other settings: any option of a job but its id. What runs is left alone; what is over gets
them for its next retry. --tag replaces all tags.`,
  examples: [
    { command: 'queuectl set 42 --priority 10', does: 'it goes before the others' },
    { command: 'queuectl set 42 --at 2026-12-24T18:00', does: 'it waits until then' },
    { command: 'queuectl set state:dead exit:137 --memory-limit 4G', does: 'before they are retried' },
    { command: 'queuectl set 42 -- make report2', does: 'another command' },
  ],
  flags: jobFlags(['id', 'hold']),
  act: ({ flags, jobWords }) => ({
    act: {
      act: 'set',
      settings: {
        ...settingsFromFlags(flags),
        ...(jobWords !== null && { command: commandOfWords(jobWords) }),
      },
    },
    verb: 'change',
    participle: 'changed',
    sentence: (id) => `Job ${id} is changed.`,
  }),
});
