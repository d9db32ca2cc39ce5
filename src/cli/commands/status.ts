import { STATES } from '../../job/state.js';
import type { Pauses } from '../../store/store.js';
import type { Command } from '../command.js';
import { pausesJson } from '../pauses-json.js';
import type { Output } from '../output/output.js';
import { instantCell } from '../output/table.js';
import { liveWorkers, workerTable } from '../live-workers.js';
import { noteUnservedJobs } from '../no-worker-note.js';

export const status: Command = {
  usage: '[options]',
  examples: [
    { command: 'queuectl status', does: 'jobs in each state, and the workers' },
    { command: 'queuectl status --json', does: '{"jobs": {"pending": 2, …}, "workers": {"running": 1}}' },
  ],
  fields: () => ['jobs', 'workers', 'paused'],
  run: async ({ output, openQueue }) => {
    const queue = await openQueue();
    const counts = await queue.counts();
    const workers = await liveWorkers(queue);
    const pauses = await queue.pauses();
    if (output.json) {
      output.object({ jobs: counts, workers: { running: workers.length }, paused: pausesJson(pauses) });
      return;
    }
    output.heading('Job Summary');
    const columns = [{ name: 'state' }, { name: 'jobs', right: true }] as const;
    await output.table({ columns, rows: STATES.map((state) => [state, counts[state]]) });
    output.heading('Worker Summary');
    await output.table(workerTable(workers));
    await printPauses(output, pauses);
    if (workers.length > 0) return noteUnservedJobs(output, queue);
    const waiting = counts.pending === 1 ? '1 job is pending and' : `${counts.pending} jobs are pending and`;
    output.note(`${counts.pending === 0 ? '' : `${waiting} `}no worker is running: queuectl worker start`);
  },
};

/** Nothing where nothing is paused. */
async function printPauses(output: Output, { allSinceMs, queues }: Pauses): Promise<void> {
  const all = allSinceMs === null ? [] : [{ name: '(all)', sinceMs: allSinceMs }];
  const rows = [...all, ...queues].map(({ name, sinceMs }) => [name, instantCell(sinceMs)]);
  if (rows.length === 0) return;
  output.heading('Paused Queues');
  await output.table({ columns: [{ name: 'queue' }, { name: 'since' }], rows });
}
