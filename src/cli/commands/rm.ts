import { changeCommand } from '../change-command.js';

export const rm = changeCommand({
  name: 'rm',
  description: `Removes jobs for good, with their history and output. One that waits never runs; one that runs is not removed:
cancel it first.`,
  examples: [
    { command: 'queuectl rm 42', does: 'one job' },
    { command: 'queuectl rm state:cancelled queue:video --dry-run', does: 'how many that would be' },
    {
      command: 'queuectl rm state:over tag:test --yes',
      does: 'all that are over and have a tag, without asking',
    },
  ],
  act: () => ({
    act: { act: 'remove' },
    verb: 'remove',
    participle: 'removed',
    sentence: (id) => `Job ${id} is removed.`,
  }),
});
