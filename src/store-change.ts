/** Waiting for a store to change: the doorbell tells at once, and a look now and then makes up for a ring that got lost. */
import type { Store } from './store/store.js';

const LOOK_AGAIN_MS = 1000;

/** Resolves its `next` promise whenever the store may have changed, and when the signal aborts. */
export class StoreChange {
  readonly #signal: AbortSignal;
  #resolve: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, signal: AbortSignal) {
    this.#signal = signal;
    store.bell.onRing(() => this.#announce(), signal);
    signal.addEventListener('abort', () => this.#announce(), { once: true });
  }

  /** To be taken before the look, so that a change during it counts. */
  next(atLatestMs = LOOK_AGAIN_MS): Promise<void> {
    return new Promise((resolve) => {
      if (this.#signal.aborted) return resolve();
      clearTimeout(this.#timer);
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#announce(), Math.min(LOOK_AGAIN_MS, atLatestMs));
    });
  }

  #announce(): void {
    clearTimeout(this.#timer);
    this.#resolve?.();
    this.#resolve = null;
  }
}
