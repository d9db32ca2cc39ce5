/** What `worker list` tells of each worker. */
import type { Queue } from '../queue.js';
import type { Pauses, Session } from '../store/store.js';
import { formatInstant } from '../time.js';
import { liveWorkers } from './live-workers.js';
import { instantCell } from './output/table.js';
import type { Table } from './output/table.js';

export interface WorkerDetails {
  readonly worker: Session;
  /** The ids of what it runs now, the longest first. */
  readonly jobs: readonly string[];
  /** `silent`: no beat of it has come for its whole lease. */
  readonly state: 'running' | 'paused' | 'stopping' | 'silent';
}

export async function listWorkers(queue: Queue): Promise<WorkerDetails[]> {
  const workers = await liveWorkers(queue);
  if (workers.length === 0) return [];
  const pauses = await queue.pauses();
  return Promise.all(
    workers.map(async (worker) => ({
      worker,
      jobs: await queue.store.listOwnedIds(worker, worker.slots),
      state: stateOf(worker, pauses),
    })),
  );
}

/** `paused`: nothing that it could claim may start. */
function stateOf({ isSilent, stopRequested, queues }: Session, pauses: Pauses): WorkerDetails['state'] {
  if (isSilent) return 'silent';
  if (stopRequested !== null) return 'stopping';
  const isPaused = (name: string): boolean => pauses.queues.some((queue) => queue.name === name);
  return pauses.allSinceMs !== null || queues?.every(isPaused) === true ? 'paused' : 'running';
}

const MOST_JOBS_SHOWN = 5;

export function detailsTable(details: readonly WorkerDetails[]): Table {
  // Locks tell more, and at once: a queue on one machine has no beats.
  const hasBeats = details.some(({ worker }) => worker.lastBeatAtMs !== null);
  return {
    columns: [
      { name: 'name' },
      { name: 'pid', right: true },
      { name: 'host' },
      { name: 'busy', right: true },
      { name: 'slots', right: true },
      { name: 'queues' },
      { name: 'handlers' },
      { name: 'runs' },
      { name: 'started' },
      ...(hasBeats ? [{ name: 'last beat' }] : []),
      { name: 'state' },
    ],
    rows: details.map(({ worker, jobs, state }) => [
      worker.name,
      worker.pid,
      worker.host,
      jobs.length,
      worker.slots,
      worker.queues?.join(',') ?? 'all',
      handlersOf(worker).join(','),
      { box: shortList(jobs), tsv: jobs.join(',') },
      instantCell(worker.startedAtMs),
      ...(hasBeats ? [worker.lastBeatAtMs === null ? null : instantCell(worker.lastBeatAtMs)] : []),
      state,
    ]),
  };
}

function shortList(jobs: readonly string[]): string {
  const more = jobs.length - MOST_JOBS_SHOWN;
  return more > 0 ? `${jobs.slice(0, MOST_JOBS_SHOWN).join(',')} and ${more} more` : jobs.join(',');
}

function handlersOf({ handlers }: Session): string[] {
  return handlers.filter((handler) => handler !== '');
}

export function detailsJson({
  worker,
  jobs,
  state,
}: WorkerDetails): Record<(typeof WORKER_FIELDS)[number], unknown> {
  return {
    id: String(worker.id),
    name: worker.name,
    pid: worker.pid,
    host: worker.host,
    slots: worker.slots,
    busy: jobs.length,
    queues: worker.queues,
    commands: worker.handlers.includes(''),
    handlers: handlersOf(worker),
    jobs,
    started_at: formatInstant(worker.startedAtMs),
    last_beat_at: worker.lastBeatAtMs === null ? null : formatInstant(worker.lastBeatAtMs),
    state,
  };
}

export const WORKER_FIELDS = [
  'id',
  'name',
  'pid',
  'host',
  'slots',
  'busy',
  'queues',
  'commands',
  'handlers',
  'jobs',
  'started_at',
  'last_beat_at',
  'state',
] as const;
