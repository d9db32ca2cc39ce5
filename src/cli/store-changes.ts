/** Looking at a store again whenever it has changed. */
import type { Store } from '../store/store.js';

export interface LookOptions {
  readonly signal: AbortSignal;
  /** At least so long between two looks: a busy queue changes a thousand times a second. */
  readonly restMs: number;
  /** At most so long, whether anything has changed or not; missing: no matter how long. */
  readonly atLatestMs?: number;
}

/** The bell tells of most changes at once; claims, pauses and starts of workers ring none that a watcher could count on. */
const POLL_MS = 15;

/**
 * Calls `look` at once, and after each change, until the signal aborts. No change is missed: one that comes during a
 * look leads to another. Rejects with what `look` rejects with.
 */
export async function onEachChange(
  store: Store,
  look: () => Promise<void>,
  { signal, restMs, atLatestMs = Infinity }: LookOptions,
): Promise<void> {
  const sleeper = new Sleeper(signal);
  store.bell.onRing(() => sleeper.wake(), signal);
  while (!signal.aborted) {
    const mark = await store.changeMark();
    const beganAt = performance.now();
    sleeper.forget();
    await look();
    await sleeper.rest(restMs);
    while (!signal.aborted && !sleeper.woken && performance.now() - beganAt < atLatestMs) {
      await sleeper.sleep(POLL_MS);
      if (!sleeper.woken && (await store.changeMark()) !== mark) break;
    }
  }
}

/** A sleep that a ring cuts short, and a rest that only the end does. */
class Sleeper {
  readonly #signal: AbortSignal;
  #end: (() => void) | null = null;
  woken = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#end?.(), { once: true });
  }

  wake(): void {
    this.woken = true;
    this.#end?.();
  }

  forget(): void {
    this.woken = false;
  }

  async rest(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (!this.#signal.aborted && performance.now() < until) await this.#wait(until - performance.now());
  }

  async sleep(ms: number): Promise<void> {
    if (!this.woken && !this.#signal.aborted) await this.#wait(ms);
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end = null;
  }
}
