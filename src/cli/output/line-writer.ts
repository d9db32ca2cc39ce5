import { write } from 'node:fs';
import { systemErrorCode } from '../../errors.js';

const MOST_BYTES_WAITING = 1024 * 1024;
const RETRY_MS = 10;

/**
 * Lines to stdout that never hold up the caller: a stopped terminal (Ctrl-S) or a slow reader must not stop a
 * worker from looking after its jobs. Where nobody reads at all, lines are dropped, and a reader that went
 * away is nothing to a worker.
 */
export class LineWriter {
  #waiting = '';
  #writing = false;
  #gone = false;
  #onIdle: (() => void) | undefined;

  line(text: string): void {
    if (this.#gone || this.#waiting.length > MOST_BYTES_WAITING) return;
    this.#waiting += `${text}\n`;
    if (!this.#writing) this.#writeNext();
  }

  /** Resolves once all is written, or after the time limit. */
  async flush(limitMs: number): Promise<void> {
    if (!this.#writing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #writeNext(): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#writing = !this.#gone && bytes.length > 0;
    if (this.#writing) this.#write(bytes, 0);
    else this.#onIdle?.();
  }

  #write(bytes: Buffer, offset: number): void {
    write(1, bytes, offset, (error, written) => {
      if (error !== null && systemErrorCode(error) === 'EAGAIN') {
        setTimeout(() => this.#write(bytes, offset), RETRY_MS);
        return;
      }
      this.#gone = error !== null;
      if (error === null && offset + written < bytes.length) this.#write(bytes, offset + written);
      else this.#writeNext();
    });
  }
}
