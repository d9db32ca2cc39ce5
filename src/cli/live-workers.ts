/** The workers that run, as `status` and `worker list` show them. */
import { QueueError, didYouMean } from '../errors.js';
import { bootId } from '../launcher/process-identity.js';
import type { Queue } from '../queue.js';
import type { Session } from '../store/store.js';
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
      { name: 'name' },
      { name: 'pid', right: true },
      { name: 'host' },
      { name: 'slots', right: true },
      { name: 'queues' },
      { name: 'started' },
      { name: 'state' },
    ],
    rows: workers.map((worker) => [
      worker.name,
      worker.pid,
      worker.host,
      worker.slots,
      worker.queues?.join(',') ?? 'all',
      instantCell(worker.startedAtMs),
      worker.isSilent ? 'silent' : worker.stopRequested === null ? 'running' : 'stopping',
    ]),
  };
}

/** Each once, in the order of the words. Throws `not_found` for a name that no living worker has. */
export function findWorkers(workers: readonly Session[], names: readonly string[]): Session[] {
  return [...new Set(names)].map((name) => {
    const found = workers.find((worker) => worker.name === name);
    if (found === undefined) throw noSuchWorker(name, workers);
    return found;
  });
}

function noSuchWorker(name: string, workers: readonly Session[]): QueueError {
  const known = workers.flatMap((worker) => worker.name ?? []);
  const byPid = workers.find((worker) => String(worker.pid) === name)?.name ?? null;
  const meant = byPid === null ? didYouMean(name, known) : `that is the pid of worker ${byPid}`;
  const running = known.length === 0 ? 'no worker is running' : `these run: ${known.join(', ')}`;
  return new QueueError('not_found', `no worker named ${JSON.stringify(name)} runs`, meant ?? running);
}
