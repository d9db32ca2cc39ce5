import { QueueError } from '../errors.js';
import { emit } from '../log.js';
import { pruneExpired } from '../maintenance/prune.js';
import type { Retention } from '../maintenance/prune.js';
import type { Store } from '../store/store.js';
import { SECOND } from '../time.js';

/** In rounds, which come once a second: whether something is to be pruned is asked this often. */
const PRUNE_EVERY = 60;

/** What a worker does for the store beside its jobs, in small pieces and without waking its loop. */
export class Upkeep {
  readonly #store: Store;
  readonly #over = new AbortController();
  #pruning: Promise<void> | null = null;
  #rounds = 0;
  /** Undefined: nothing is ever removed. */
  retention: Retention | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** One round; what takes longer goes on beside the next ones. Rejects where the store does. */
  async round(): Promise<void> {
    const isTime = this.#rounds % PRUNE_EVERY === 0;
    this.#rounds += 1;
    if (isTime && this.retention !== undefined) this.#pruning ??= this.#prune(this.retention);
    await this.#store.boundLog();
  }

  /** An error ends it for this time. Trouble of the store is met by the loop as well, which reports it. */
  async #prune(retention: Retention): Promise<void> {
    try {
      const jobs = await pruneExpired(this.#store, retention, this.#over.signal);
      if (jobs > 0) emit({ event: 'worker.pruned', jobs });
    } catch (error) {
      if (error instanceof QueueError && error.code !== 'failed') return;
      const message = error instanceof Error ? error.message : String(error);
      emit({ event: 'worker.trouble', message, retryMs: PRUNE_EVERY * SECOND });
    } finally {
      this.#pruning = null;
    }
  }

  /** Nothing more is begun; resolves when the piece under way is done. */
  async finish(): Promise<void> {
    this.#over.abort();
    await this.#pruning;
  }
}
