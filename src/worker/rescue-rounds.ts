import { QueueError } from '../errors.js';
import { emit } from '../log.js';
import { rescueDeadSessions } from '../maintenance/rescue.js';
import { sweepLeftFiles } from '../maintenance/sweep.js';
import type { Store } from '../store/store.js';
import type { LogUploads } from './log-uploads.js';
import { sendLeftLogs } from './unsent-logs.js';
import { Upkeep } from './upkeep.js';

/** A dead worker is noticed within this time. */
const EVERY_MS = 1000;
/** A dead worker's launcher, which still ends its jobs, needs no longer than this, nearly always. */
const SOON_MS = 50;
/** In rounds, beside after each rescue: whether a worker of this home has left logs that are to be sent. */
const LOOK_EVERY = 60;
/** A process that the kernel does not let die must not keep a worker from stopping. */
const LAST_WAIT_MS = 3000;

/**
 * Rescues at the worker's start and every second, beside the loop and without waking it: ending a dead worker's
 * processes takes time, and an idle worker should have little to do. The first round also sweeps up what dead
 * workers left.
 */
export class RescueRounds {
  readonly #store: Store;
  readonly #uploads: LogUploads | null;
  readonly upkeep: Upkeep;
  #round: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #swept = false;
  #untilLook = 0;

  constructor(store: Store, uploads: LogUploads | null) {
    this.#store = store;
    this.#uploads = uploads;
    this.upkeep = new Upkeep(store);
  }

  start(): void {
    this.#round = this.#runRound();
  }

  async #runRound(): Promise<void> {
    const begunAt = performance.now();
    let pauseMs = EVERY_MS;
    try {
      pauseMs = await this.#rescue();
    } catch (error) {
      reportTrouble(error);
    }
    this.#round = null;
    const waitMs = Math.max(0, begunAt + pauseMs - performance.now());
    if (!this.#isOver) this.#timer = setTimeout(() => this.start(), waitMs);
  }

  /** How long after its beginning the next round is due. */
  async #rescue(): Promise<number> {
    const { left, rescued } = await rescueDeadSessions(this.#store);
    if (!this.#swept) await sweepLeftFiles(this.#store);
    this.#swept = true;
    if (rescued > 0) this.#untilLook = 0;
    if (this.#uploads !== null && this.#untilLook-- <= 0) {
      this.#untilLook = LOOK_EVERY;
      await sendLeftLogs(this.#store, this.#uploads);
    }
    await this.upkeep.round();
    return left > 0 ? SOON_MS : EVERY_MS;
  }

  /** No more rounds; lets one that is under way end, within reason. */
  async finish(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_WAIT_MS)));
    await Promise.race([Promise.all([this.#round, this.upkeep.finish()]), tooLong]);
    clearTimeout(timer);
  }
}

/** The next round tries again. Trouble of the store is reported by the loop, which meets it too. */
function reportTrouble(error: unknown): void {
  if (error instanceof QueueError) return;
  const message = error instanceof Error ? error.message : String(error);
  emit({ event: 'worker.trouble', message, retryMs: EVERY_MS });
}
