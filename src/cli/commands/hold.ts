import { changeCommand } from '../change-command.js';

export const hold = changeCommand({
  name: 'hold',
  description: `Puts jobs that wait aside: none of them starts until it is released. What runs goes on; cancel ends it.`,
  examples: [
    { command: 'queuectl hold 42', does: 'one job' },
    { command: 'queuectl hold 3-9,12', does: 'several' },
    { command: 'queuectl hold queue:video tag:nightly', does: 'all of a queue with a tag' },
  ],
  act: () => ({
    act: { act: 'hold' },
    verb: 'hold',
    participle: 'held',
    sentence: (id) => `Job ${id} is held.`,
  }),
});
