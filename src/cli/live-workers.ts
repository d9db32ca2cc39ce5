/** The workers that run, as `status` and `worker list` show them. */
import { bootId } from '../launcher/process-identity.js';
import type { Queue } from '../queue.js';
import type { Session } from '../store/store.js';
import { formatInstant } from '../time.js';
import { instantCell } from './output/table.js';
import type { Table } from './output/table.js';

/** Those that live: a killed one stays in the store until another worker has seen to its jobs. */
export async function liveWorkers(queue: Queue): Promise<Session[]> {
  const workers = await queue.workers();
  if (workers.length === 0) return [];
  const dead = await queue.store.listDeadSessions(bootId());
  return workers.filter((worker) => !dead.some(({ session }) => session.id === worker.id));
}

export function workerTable(workers: readonly Session[]): Table {
  return {
    columns: [
      { name: 'pid', right: true },
      { name: 'host' },
      { name: 'slots', right: true },
      { name: 'queues' },
      { name: 'started' },
      { name: 'state' },
    ],
    rows: workers.map((worker) => [
      worker.pid,
      worker.host,
      worker.slots,
      worker.queues?.join(',') ?? 'all',
      instantCell(worker.startedAtMs),
      stateOf(worker),
    ]),
  };
}

export function workerJson(worker: Session): Record<string, unknown> {
  return {
    id: String(worker.id),
    pid: worker.pid,
    host: worker.host,
    slots: worker.slots,
    queues: worker.queues,
    started_at: formatInstant(worker.startedAtMs),
    state: stateOf(worker),
  };
}

export const WORKER_FIELDS = ['id', 'pid', 'host', 'slots', 'queues', 'started_at', 'state'] as const;

function stateOf(worker: Session): 'running' | 'stopping' {
  return worker.stopRequested ? 'stopping' : 'running';
}
