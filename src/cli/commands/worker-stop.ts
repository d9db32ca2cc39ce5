import type { Command } from '../command.js';
import { liveWorkers } from '../live-workers.js';

export const workerStop: Command = {
  usage: '[options]',
  description: `Asks all workers to finish the jobs that they run and to exit. It does not wait for them.
Where no worker runs, that is fine.`,
  examples: [{ command: 'queuectl worker stop', does: 'all of them, gracefully' }],
  fields: () => ['asked'],
  run: async ({ output, openQueue }) => {
    const queue = await openQueue();
    const living = await liveWorkers(queue);
    await queue.stopWorkers();
    if (output.json) return output.object({ asked: living.length });
    output.say('Signal sent to all workers to stop gracefully.');
    if (living.length === 0) output.note('no worker is running');
  },
};
