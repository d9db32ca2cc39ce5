/** Turns looks at a store into events. */
import type { Act, ChangeCursor, JobMoment, RunMoment } from '../../store/overview.js';
import type { Store } from '../../store/store.js';
import { JobTeller } from './job-teller.js';
import { PlaceTeller } from './place-teller.js';
import { inOrder } from './queue-event.js';
import type { EventKind, QueueEvent } from './queue-event.js';

const ACTS: Readonly<Record<string, EventKind>> = {
  cancel: 'cancel_requested',
  retry: 'retried',
  hold: 'held',
  release: 'released',
  set: 'changed',
  remove: 'removed',
};

export class EventSource {
  readonly #store: Store;
  readonly #jobs = new JobTeller();
  readonly #places: PlaceTeller;
  #cursor: ChangeCursor;
  /** What is older is history that nobody asked for. */
  #fromMs: number;
  #lookedAtMs = 0;
  #owned: readonly number[] = [];

  private constructor(store: Store, cursor: ChangeCursor, fromMs: number) {
    this.#store = store;
    this.#cursor = cursor;
    this.#fromMs = fromMs;
    this.#places = new PlaceTeller(store);
  }

  /** What happened since then; null: what happens from now on. */
  static async open(store: Store, sinceMs: number | null): Promise<EventSource> {
    const now = Date.now();
    const source = new EventSource(store, await store.beginChanges(sinceMs), sinceMs ?? now);
    // What is now is not news to somebody who asks for what comes.
    if (sinceMs === null) await source.look();
    return source;
  }

  /** What came to pass since the last look, in the order of its times; `more`: a part of it is left to the next look. */
  async look(): Promise<{ readonly events: QueueEvent[]; readonly more: boolean }> {
    const now = Date.now();
    this.#heedClock(now);
    const { created, ended, owned, failed, acts, next, more } = await this.#store.changes(this.#cursor);
    const ownedNow = new Set(owned.map(({ seq }) => seq));
    const gone = await this.#store.findJobs(this.#owned.filter((seq) => !ownedNow.has(seq)));
    this.#cursor = next;
    this.#owned = [...ownedNow];
    const jobs = new Map(
      [...created, ...(failed ?? []), ...owned, ...ended, ...gone].map((job) => [job.seq, job]),
    );
    const events = [
      ...created.map(enqueued),
      ...(await this.#tellJobs([...jobs.values()])),
      ...acts.flatMap(tellAct),
      ...(await this.#places.look(now)),
    ];
    return { events: inOrder(events.filter(({ atMs }) => atMs >= this.#fromMs)), more };
  }

  async #tellJobs(jobs: readonly JobMoment[]): Promise<QueueEvent[]> {
    const behind = jobs.flatMap((job) => {
      const run = this.#jobs.isBehind(job);
      return run === null ? [] : [{ seq: job.seq, run }];
    });
    const runs = new Map<number, RunMoment[]>();
    for (const run of behind.length === 0 ? [] : await this.#store.runsAfter(behind))
      runs.set(run.seq, [...(runs.get(run.seq) ?? []), run]);
    return jobs.flatMap((job) => this.#jobs.tell(job, runs.get(job.seq) ?? []));
  }

  /** A clock that was set back: what ends from now on has times that were seen before. */
  #heedClock(now: number): void {
    if (now < this.#lookedAtMs) {
      const place = { finishedAtMs: now, seq: 0 };
      this.#cursor = { ...this.#cursor, ended: { completed: place, dead: place, cancelled: place } };
      this.#fromMs = Math.min(this.#fromMs, now);
    }
    this.#lookedAtMs = now;
  }
}

function enqueued({ seq, id, queue, createdAtMs }: JobMoment): QueueEvent {
  return { event: 'enqueued', atMs: createdAtMs, seq, job: id, queue };
}

function tellAct({ atMs, kind, jobs }: Act): QueueEvent[] {
  const event = ACTS[kind];
  if (event === undefined) return [];
  return jobs.map(({ seq, id, queue }) => ({ event, atMs, seq, job: id, queue }));
}
