/** Waiting for jobs to be over. */
import { setTimeout } from 'node:timers/promises';
import { noSuchJob } from './change-jobs.js';
import { QueueError } from './errors.js';
import { idsOf } from './job/filter/filter.js';
import type { Filter } from './job/filter/filter.js';
import type { Job } from './job/job.js';
import { readValue } from './job/option-kinds.js';
import { FINAL_STATES, STATES } from './job/state.js';
import { cursorOf, parseCursor } from './job/cursor.js';
import { StoreChange } from './store-change.js';
import type { Store } from './store/store.js';
import { DAY } from './time.js';

export interface WaitOptions {
  /** `completed`: no longer than until one is over in another way. `finished`, the default: until they are over. */
  readonly for?: 'completed' | 'finished' | undefined;
  /** Until the first of them is (completed, where that is asked for), not all. */
  readonly any?: boolean | undefined;
  /** "10m"; a number is seconds. */
  readonly timeout?: string | number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Each as it ended, in the order in which that was noticed. */
  readonly onEnd?: ((job: Job) => void) | undefined;
  /** After each look. */
  readonly onLook?: ((so: WaitCounts) => void) | undefined;
}

export interface WaitCounts {
  /** How many jobs there were when the waiting began. */
  readonly total: number;
  readonly completed: number;
  /** Dead or cancelled. */
  readonly otherwise: number;
  /** Removed before their end was seen. */
  readonly gone: number;
}

export interface WaitResult extends WaitCounts {
  readonly how: 'over' | 'timed_out' | 'aborted';
  /** The one whose end was noticed last. */
  readonly last: Job | null;
}

const AT_ONCE = 500;
/** Of many jobs: so many times as long as a look took nothing is looked at. */
const REST = 10;
const LONGEST_REST_MS = 1000;
const LONGEST_TIMEOUT_MS = 3650 * DAY;

/** Throws `usage`, and `not_found` for an id that is not stored, or where the filter means no job. */
export async function waitForJobs(store: Store, filter: Filter, options: WaitOptions): Promise<WaitResult> {
  const timeoutMs = readTimeout(options.timeout);
  const deadline = performance.now() + timeoutMs;
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted === true) abort();
  try {
    const change = new StoreChange(store, stop.signal);
    const watch = new Watch(store, await idsToWaitFor(store, filter), options);
    for (;;) {
      const next = change.next(deadline - performance.now());
      await watch.look();
      options.onLook?.(watch.counts());
      if (watch.isOver()) return watch.result('over');
      if (stop.signal.aborted) return watch.result('aborted');
      if (performance.now() >= deadline) return watch.result('timed_out');
      await next;
      if (watch.isLarge()) await rest(watch.lookMs * REST, stop.signal);
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}

function readTimeout(timeout: WaitOptions['timeout']): number {
  if (timeout === undefined) return Infinity;
  return Number(readValue({ kind: 'duration', minMs: 0, maxMs: LONGEST_TIMEOUT_MS }, timeout, 'the timeout'));
}

/** Fixed from then on: jobs that come later are not waited for. */
async function idsToWaitFor(store: Store, filter: Filter): Promise<Set<string>> {
  const named = idsOf(filter);
  if (named !== null) {
    for (const id of named) if ((await store.getJob(id)) === null) throw noSuchJob(id);
    return new Set(named);
  }
  const ids = new Set<string>();
  // Pages follow the states in the order of a job's life. One that goes back meanwhile, as for its retry, is met by the second round.
  for (let round = 1, pages = 0; round <= 2; round++, pages = 0) {
    for await (const page of pagesOf(store, filter)) {
      pages += 1;
      for (const { id } of page) ids.add(id);
    }
    if (pages <= 1) break;
  }
  if (ids.size > 0) return ids;
  throw new QueueError(
    'not_found',
    'the filter means no job',
    'queuectl list --state all shows what there is',
  );
}

async function* pagesOf(store: Store, filter: Filter): AsyncGenerator<readonly Job[]> {
  let last: Job | undefined;
  do {
    const after = last === undefined ? undefined : parseCursor(cursorOf(last));
    const page = await store.listJobs({ filter, limit: AT_ONCE, after });
    yield page;
    last = page.length < AT_ONCE ? undefined : page.at(-1);
  } while (last !== undefined);
}

/** Until the signal aborts, at the latest. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(Math.min(ms, LONGEST_REST_MS), undefined, { signal }).catch(() => undefined);
}

/** What is left of the jobs, and what became of the others. */
class Watch {
  readonly #store: Store;
  readonly #left: Set<string>;
  readonly #options: WaitOptions;
  readonly #total: number;
  #completed = 0;
  #otherwise = 0;
  #gone = 0;
  #last: Job | null = null;
  lookMs = 0;

  constructor(store: Store, left: Set<string>, options: WaitOptions) {
    this.#store = store;
    this.#left = left;
    this.#options = options;
    this.#total = left.size;
  }

  isLarge(): boolean {
    return this.#left.size > AT_ONCE;
  }

  isOver(): boolean {
    const ended = this.#completed + this.#otherwise + this.#gone;
    if (ended === this.#total) return true;
    if (this.#options.for !== 'completed') return this.#options.any === true && ended > 0;
    return this.#options.any === true ? this.#completed > 0 : ended > this.#completed;
  }

  counts(): WaitCounts {
    return { total: this.#total, completed: this.#completed, otherwise: this.#otherwise, gone: this.#gone };
  }

  result(how: WaitResult['how']): WaitResult {
    return { ...this.counts(), how, last: this.#last };
  }

  async look(): Promise<void> {
    const beganAt = performance.now();
    const left = [...this.#left];
    for (let from = 0; from < left.length && !this.isOver(); from += AT_ONCE)
      await this.#lookAt(left.slice(from, from + AT_ONCE));
    this.lookMs = performance.now() - beganAt;
  }

  async #lookAt(ids: readonly string[]): Promise<void> {
    const filter: Filter = { kind: 'jobs', ids, ranges: [], last: false };
    const ended = await this.#store.listJobs({ filter, states: FINAL_STATES, limit: ids.length });
    const stored = await this.#store.countJobs({ filter, states: STATES });
    for (const job of ended) this.#end(job);
    if (stored < ids.length) await this.#dropGone(ids);
  }

  #end(job: Job): void {
    this.#left.delete(job.id);
    this.#last = job;
    if (job.state === 'completed') this.#completed += 1;
    else this.#otherwise += 1;
    this.#options.onEnd?.(job);
  }

  async #dropGone(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (!this.#left.has(id) || (await this.#store.getJob(id)) !== null) continue;
      this.#left.delete(id);
      this.#gone += 1;
    }
  }
}
