/** The leases of the sessions of this process: a thread sends their beats, and here is what comes of them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Deadline } from '../../boot-clock.js';
import { leaseTimes } from '../lease.js';
import type { Lease, LeaseChange } from '../lease.js';
import type { News, Order, OwnSession, Silence, ThreadOptions } from './beat-words.js';

const AGAIN_AFTER_MS = 1000;
/** It holds a driver and a few rows. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 };

export class Beats {
  readonly #options: ThreadOptions;
  readonly #leases = new Map<number, SessionLease>();
  readonly #ending = new Map<Worker, Promise<void>>();
  #thread: Worker | null = null;
  #timer: NodeJS.Timeout | undefined;
  #silent: readonly Silence[] = [];
  /** The last beat failed. */
  #isTrouble = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  get leaseMs(): number {
    return this.#options.leaseMs;
  }

  /** From now on, for a session whose row was asked for at `askedAtMs`; the first beat comes after `afterMs`. */
  begin({ id, token }: OwnSession, askedAtMs: number, afterMs: number): void {
    this.#leases.set(id, new SessionLease(token, this.#options.leaseMs, askedAtMs));
    if (this.#thread !== null) this.#orderBeats();
    else if (afterMs === 0) this.#start();
    else this.#startAfter(afterMs);
  }

  end(id: number): void {
    if (!this.#leases.delete(id)) return;
    this.#orderBeats();
    if (this.#leases.size > 0) return;
    clearTimeout(this.#timer);
    this.#thread = null;
    this.#silent = [];
  }

  leaseOf(id: number): Lease | null {
    return this.#leases.get(id) ?? null;
  }

  /** This was the latest beat of a session elsewhere for the whole of its lease. */
  isSilent(id: number, beatMs: number): boolean {
    return this.#silent.some((silence) => silence.id === id && silence.beatMs === beatMs);
  }

  /** Resolves when the thread is gone. */
  async close(): Promise<void> {
    for (const id of this.#leases.keys()) this.end(id);
    // Whoever waits for it must not be over before it is.
    for (const thread of this.#ending.keys()) thread.ref();
    await Promise.all(this.#ending.values());
  }

  #startAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#start(), delayMs);
    this.#timer.unref();
  }

  #start(): void {
    clearTimeout(this.#timer);
    if (this.#thread !== null || this.#leases.size === 0) return;
    const thread = new Worker(threadFile(), {
      workerData: this.#options,
      resourceLimits: LIMITS,
      execArgv: [],
    });
    // What keeps this process running is its jobs.
    thread.unref();
    thread.on('message', (news: News) => this.#hear(thread, news));
    thread.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => {
      thread.once('exit', () => {
        this.#ending.delete(thread);
        this.#bury(thread);
        resolve();
      });
    });
    this.#ending.set(thread, ended);
    this.#thread = thread;
    this.#orderBeats();
  }

  /** Out of memory, perhaps: the lease runs on, and the launcher ends the jobs if the next one takes too long. */
  #bury(thread: Worker): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#silent = [];
    this.#startAfter(AGAIN_AFTER_MS);
  }

  #orderBeats(): void {
    const sessions = [...this.#leases].map(([id, { token }]) => ({ id, token }));
    this.#order({ kind: 'sessions', sessions });
  }

  #order(order: Order): void {
    this.#thread?.postMessage(order);
  }

  #hear(thread: Worker, news: News): void {
    if (thread !== this.#thread) return;
    this.#silent = news.kind === 'beat' ? news.silent : [];
    const wasTrouble = this.#isTrouble;
    this.#isTrouble = news.kind === 'trouble';
    if (news.kind === 'trouble') return;
    const living = new Set(news.living);
    for (const id of news.asked) {
      const lease = this.#leases.get(id);
      if (living.has(id)) lease?.renew(news.askedAtMs, wasTrouble);
      else lease?.lose();
    }
    this.#order({ kind: 'heard' });
  }
}

class SessionLease implements Lease {
  readonly token: string;
  readonly durationMs: number;
  readonly #listeners = new Set<(change: LeaseChange) => void>();
  deadline: Deadline;

  constructor(token: string, leaseMs: number, askedAtMs: number) {
    this.token = token;
    this.durationMs = leaseMs;
    this.deadline = this.#from(askedAtMs);
  }

  #from(askedAtMs: number): Deadline {
    const { termAfterMs, killAfterMs } = leaseTimes(this.durationMs);
    return { askedAtMs, termAfterMs, killAfterMs };
  }

  onChange(callback: (change: LeaseChange) => void, signal: AbortSignal): void {
    this.#listeners.add(callback);
    signal.addEventListener('abort', () => this.#listeners.delete(callback), { once: true });
  }

  renew(askedAtMs: number, isAnew: boolean): void {
    this.deadline = this.#from(askedAtMs);
    for (const tell of this.#listeners) tell(isAnew ? 'anew' : 'renewed');
  }

  lose(): void {
    for (const tell of this.#listeners) tell('lost');
  }
}

const THREAD = 'beats.cjs';

/** Beside the bundle that we are in; of a checkout, what its build has made. */
function threadFile(): string {
  const beside = join(import.meta.dirname, THREAD);
  if (existsSync(beside)) return beside;
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    const built = join(dir, 'dist', THREAD);
    if (existsSync(built)) return built;
    if (dir === dirname(dir)) throw new Error(`${THREAD} is missing: npm run build`);
  }
}
