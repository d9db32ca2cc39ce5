/** What a session's lease means for what it runs. A session without one lives as long as its process. */
import { bootMs } from '../boot-clock.js';
import type { Launcher } from '../launcher/launcher.js';
import { startTimer } from '../launcher/timer.js';
import { emit } from '../log.js';
import type { Lease } from '../store/lease.js';
import type { HowToStop } from '../store/store.js';

interface LeaseHooks {
  /** What runs in this process is to end, within so many ms; what the launcher runs, that ends by itself. */
  readonly onOver?: (graceMs: number) => void;
  /** A beat was answered. News: the store may know less of the session than it does, or nothing; or its time was over. */
  readonly onBeat?: (isNews: boolean) => void;
}

/** Passes each deadline on to the launcher, and keeps it for functions of this process. */
export class LeaseWatch {
  readonly #launcher: Launcher | null;
  readonly #hooks: LeaseHooks;
  #lease: Lease | null = null;
  #session = new AbortController();
  #callOff = (): void => undefined;
  #isCutOff = false;

  constructor(launcher: Launcher | null, hooks: LeaseHooks) {
    this.#launcher = launcher;
    this.#hooks = hooks;
  }

  /** Nothing may be started: it could not be ended in good time, should the database stay away. */
  get isOver(): boolean {
    if (this.#lease === null) return false;
    const { askedAtMs, termAfterMs } = this.#lease.deadline;
    return bootMs() >= askedAtMs + termAfterMs;
  }

  /** There is one, and nobody else can have taken what the session has. */
  get isHeld(): boolean {
    if (this.#lease === null) return false;
    const { deadline, durationMs } = this.#lease;
    return bootMs() < deadline.askedAtMs + durationMs;
  }

  /** Whether it does no harm to stop without a word to the store: others take the jobs, or somebody wants it now. */
  mayBeLeft(stop: HowToStop): boolean {
    return this.#lease !== null && (stop === 'now' || !this.isHeld);
  }

  /** From now on of another session; null: of one without a lease. */
  begin(lease: Lease | null): void {
    this.end();
    this.#lease = lease;
    if (lease === null) return;
    if (this.#launcher?.capabilities.deadlines === false) emit({ event: 'worker.no_deadline' });
    this.#session = new AbortController();
    lease.onChange((change) => {
      const isNews = change !== 'renewed' || this.#isCutOff;
      if (change !== 'lost') this.#keep(lease);
      this.#hooks.onBeat?.(isNews);
    }, this.#session.signal);
    this.#keep(lease);
  }

  end(): void {
    this.#session.abort();
    this.#callOff();
    if (this.#lease !== null) this.#launcher?.setDeadline(null);
    this.#lease = null;
  }

  #keep({ deadline, durationMs }: Lease): void {
    this.#callOff();
    this.#isCutOff = false;
    this.#launcher?.setDeadline(deadline);
    const { askedAtMs, termAfterMs, killAfterMs } = deadline;
    this.#callOff = startTimer(Math.max(0, askedAtMs + termAfterMs - bootMs()), () => {
      this.#isCutOff = true;
      emit({ event: 'worker.cut_off', leaseMs: durationMs });
      this.#hooks.onOver?.(Math.max(0, askedAtMs + killAfterMs - bootMs()));
    });
  }
}
