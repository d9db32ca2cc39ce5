import { constants, fstatSync, openSync, write } from 'node:fs';
import { systemErrorCode } from '../../errors.js';

const MOST_CHARACTERS_WAITING = 1024 * 1024;
/** Between two writes: each takes another thread, and wakes this one again. */
const REST_MS = 25;
const FIRST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 1000;

/**
 * Lines to stdout that never hold up the caller: a stopped terminal (Ctrl-S) or a slow reader must not stop a
 * worker from looking after its jobs. Where nobody reads, lines are dropped at last, and a reader that went
 * away is nothing to a worker.
 */
export class LineWriter {
  readonly #fd = openWithoutBlocking();
  #waiting = '';
  #writing = false;
  #gone = false;
  #retryMs = FIRST_RETRY_MS;
  #rest: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;

  /** Written at once, together with what follows in this turn of the event loop; after others, a rest later. */
  line(text: string): void {
    if (this.#gone || this.#waiting.length > MOST_CHARACTERS_WAITING) return;
    this.#waiting += `${text}\n`;
    if (this.#writing) return;
    this.#writing = true;
    setImmediate(() => this.#writeNext());
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
      if (this.#rest !== undefined) this.#writeNext();
    });
  }

  #writeNext(): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#writing = !this.#gone && bytes.length > 0;
    if (this.#writing) this.#write(bytes);
    else this.#onIdle?.();
  }

  #restThenWrite(): void {
    if (this.#onIdle === undefined) this.#rest = setTimeout(() => this.#writeNext(), REST_MS);
    else this.#writeNext();
  }

  #write(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error !== null && systemErrorCode(error) === 'EAGAIN') {
        setTimeout(() => this.#write(bytes), this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
        return;
      }
      this.#retryMs = FIRST_RETRY_MS;
      this.#gone = error !== null;
      if (error === null && written < bytes.length) this.#write(bytes.subarray(written));
      else this.#restThenWrite();
    });
  }
}

/**
 * A descriptor of our own for what stdout is: to make the shared one non-blocking would change it for the shell
 * and the jobs, too. A blocked write, even in another thread, would keep the process from exiting.
 */
function openWithoutBlocking(): number {
  const stat = fstatSync(1);
  // A file never blocks, and opened anew it would be written from its beginning.
  if (!stat.isFIFO() && !stat.isCharacterDevice()) return 1;
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 1;
  }
}
