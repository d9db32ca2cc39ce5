/** Events of queues and workers: what is now against what was at the last look. */
import type { Store } from '../../store/store.js';
import type { QueueEvent } from './queue-event.js';

/** Stands for all queues; no queue can be called that. */
const ALL = '*';

export class PlaceTeller {
  readonly #store: Store;
  #paused: ReadonlyMap<string, number> = new Map();
  #workers: ReadonlyMap<number, number> = new Map();

  constructor(store: Store) {
    this.#store = store;
  }

  /** When a pause and a worker ended is not written down: their time is that of the look. */
  async look(now: number): Promise<QueueEvent[]> {
    const { allSinceMs, queues } = await this.#store.pauses();
    const paused = new Map(queues.map(({ name, sinceMs }) => [name, sinceMs]));
    if (allSinceMs !== null) paused.set(ALL, allSinceMs);
    const workers = new Map((await this.#store.listSessions('worker')).map((w) => [w.id, w.startedAtMs]));
    const events = [
      ...news(this.#paused, paused).map(([name, atMs]) => ofQueue('paused', name, atMs)),
      ...news(paused, this.#paused).map(([name]) => ofQueue('resumed', name, now)),
      ...news(this.#workers, workers).map(([worker, atMs]) => ofWorker('worker_started', worker, atMs)),
      ...news(workers, this.#workers).map(([worker]) => ofWorker('worker_stopped', worker, now)),
    ];
    this.#paused = paused;
    this.#workers = workers;
    return events;
  }
}

/** What the second has and the first has not. */
function news<K>(before: ReadonlyMap<K, number>, after: ReadonlyMap<K, number>): [K, number][] {
  return [...after].filter(([key, value]) => before.get(key) !== value);
}

function ofQueue(event: 'paused' | 'resumed', name: string, atMs: number): QueueEvent {
  return name === ALL ? { event, atMs } : { event, atMs, queue: name };
}

function ofWorker(event: 'worker_started' | 'worker_stopped', worker: number, atMs: number): QueueEvent {
  return { event, atMs, worker };
}
