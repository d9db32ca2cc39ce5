import type { Command } from '../command.js';
import { detailsJson, detailsTable, listWorkers, WORKER_FIELDS } from '../worker-details.js';

export const workerList: Command = {
  usage: '[options]',
  description: `Lists the workers that run, and what each runs now. A worker is "paused" while all of its queues are, and
"stopping" once it was asked to stop. In PostgreSQL it is "silent" once no beat of it has come for its whole lease: it
is gone or cut off, and another worker runs its jobs again.`,
  examples: [
    { command: 'queuectl worker list', does: 'the workers that run' },
    { command: 'queuectl worker list -q', does: 'their names' },
    { command: 'queuectl worker list --json --fields name,busy,jobs', does: 'for a script' },
  ],
  fields: () => WORKER_FIELDS,
  run: async ({ output, openQueue }) => {
    const workers = await listWorkers(await openQueue());
    if (output.json) return output.array(workers.map(detailsJson));
    if (output.quiet) return output.lines(workers.map(({ worker }) => worker.name ?? String(worker.pid)));
    await output.table(detailsTable(workers));
    if (workers.length === 0) output.note('no worker is running: queuectl worker start');
  },
};
