import { changeCommand } from '../change-command.js';

export const dlqPurge = changeCommand({
  name: 'dlq purge',
  description: `Removes dead jobs for good, with their history and output.`,
  examples: [
    { command: 'queuectl dlq purge 42', does: 'one job' },
    { command: 'queuectl dlq purge ended-before:-30d', does: 'those that have been dead for a month' },
    { command: 'queuectl dlq purge --all --dry-run', does: 'how many there are' },
  ],
  ofDead: true,
  act: () => ({
    act: { act: 'remove', from: ['dead'] },
    verb: 'remove',
    participle: 'removed',
    sentence: (id) => `Job ${id} is removed.`,
  }),
});
