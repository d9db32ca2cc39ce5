import type { QueueError } from '../errors.js';
import { emit } from '../log.js';
import { WakeUp } from './wake-up.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

/** A store in trouble is waited out: jobs run on, and their results are kept until they can be written. */
export class Trouble {
  readonly #calm = new WakeUp();
  #count = 0;

  async waitOut({ message }: QueueError): Promise<void> {
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#count, LONGEST_RETRY_MS);
    this.#count += 1;
    emit({ event: 'worker.trouble', message, retryMs });
    await this.#calm.sleep(retryMs);
  }

  /** The store has answered. */
  end(): void {
    this.#count = 0;
  }

  /** It is worth a try at once. */
  tryNow(): void {
    this.#calm.wake();
  }

  /** The server answers others. */
  hear(): void {
    if (this.#count > 0) this.tryNow();
  }
}
