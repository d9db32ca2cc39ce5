import { QueueError } from '../errors.js';
import { rescueDeadSessions } from '../maintenance/rescue.js';
import type { Store } from '../store/store.js';

/** A dead worker is noticed within this time. */
const EVERY_MS = 1000;
/** A process that the kernel does not let die must not keep a worker from stopping. */
const LAST_WAIT_MS = 3000;

/** Rescues at the worker's start and every second, beside the loop: ending a dead worker's processes takes time. */
export class RescueRounds {
  readonly #store: Store;
  #round: Promise<void> | null = null;
  #nextAt = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get dueInMs(): number {
    return Math.max(0, this.#nextAt - performance.now());
  }

  startIfDue(): void {
    if (this.dueInMs > 0) return;
    this.#nextAt = performance.now() + EVERY_MS;
    this.#round ??= rescueDeadSessions(this.#store)
      .catch(ignoreTrouble)
      .finally(() => (this.#round = null));
  }

  /** Lets a round under way end, within reason. */
  async finish(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_WAIT_MS)));
    await Promise.race([this.#round, tooLong]);
    clearTimeout(timer);
  }
}

/** The loop meets the same trouble and reports it; the next round tries again. */
function ignoreTrouble(error: unknown): void {
  if (!(error instanceof QueueError)) throw error;
}
