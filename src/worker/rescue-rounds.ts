import { QueueError } from '../errors.js';
import { emit } from '../log.js';
import { rescueDeadSessions } from '../maintenance/rescue.js';
import { sweepLeftFiles } from '../maintenance/sweep.js';
import type { Store } from '../store/store.js';

/** A dead worker is noticed within this time. */
const EVERY_MS = 1000;
/** Its launcher needs no longer than this, nearly always. */
const SOON_MS = 50;
/** A process that the kernel does not let die must not keep a worker from stopping. */
const LAST_WAIT_MS = 3000;

/**
 * Rescues at the worker's start and every second, beside the loop: ending a dead worker's processes takes time.
 * The first round also sweeps up what dead workers left.
 */
export class RescueRounds {
  readonly #store: Store;
  readonly #onSooner: () => void;
  #round: Promise<void> | null = null;
  #nextAt = 0;
  #swept = false;

  /** `onSooner` is called when the next round is due earlier than `dueInMs` has said. */
  constructor(store: Store, onSooner: () => void) {
    this.#store = store;
    this.#onSooner = onSooner;
  }

  get dueInMs(): number {
    return Math.max(0, this.#nextAt - performance.now());
  }

  startIfDue(): void {
    if (this.dueInMs > 0) return;
    this.#nextAt = performance.now() + EVERY_MS;
    this.#round ??= this.#rescue()
      .catch(reportTrouble)
      .finally(() => (this.#round = null));
  }

  async #rescue(): Promise<void> {
    const { left } = await rescueDeadSessions(this.#store);
    if (left > 0) this.#hasten();
    if (this.#swept) return;
    await sweepLeftFiles(this.#store);
    this.#swept = true;
  }

  #hasten(): void {
    this.#nextAt = Math.min(this.#nextAt, performance.now() + SOON_MS);
    this.#onSooner();
  }

  /** Lets a round under way end, within reason. */
  async finish(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_WAIT_MS)));
    await Promise.race([this.#round, tooLong]);
    clearTimeout(timer);
  }
}

/** The next round tries again. Trouble of the store is reported by the loop, which meets it too. */
function reportTrouble(error: unknown): void {
  if (error instanceof QueueError) return;
  const message = error instanceof Error ? error.message : String(error);
  emit({ event: 'worker.trouble', message, retryMs: EVERY_MS });
}
