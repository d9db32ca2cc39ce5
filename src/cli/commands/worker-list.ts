import type { Command } from '../command.js';
import { liveWorkers, WORKER_FIELDS, workerJson, workerTable } from '../live-workers.js';

export const workerList: Command = {
  usage: '[options]',
  examples: [
    { command: 'queuectl worker list', does: 'the workers that run' },
    { command: 'queuectl worker list -q', does: 'their process ids' },
  ],
  fields: () => WORKER_FIELDS,
  run: async ({ output, openQueue }) => {
    const workers = await liveWorkers(await openQueue());
    if (output.json) return output.array(workers.map(workerJson));
    if (output.quiet) return workers.forEach((worker) => output.line(String(worker.pid)));
    await output.table(workerTable(workers));
    if (workers.length === 0) output.note('no worker is running: queuectl worker start');
  },
};
