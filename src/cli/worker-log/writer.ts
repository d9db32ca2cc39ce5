import { closeSync, fstatSync, renameSync, write } from 'node:fs';
import { systemErrorCode } from '../../errors.js';
import { formatInstant } from '../../time.js';
import { generationsOf, openToAppend } from './files.js';

const MAX_BYTES = 10 * 1024 * 1024;
const MOST_CHARACTERS_WAITING = 1024 * 1024;
const RETRY_MS = 1000;

/**
 * The log of a detached worker: each line with its time. Once it has grown to 10 MiB it is renamed, and a new file begun;
 * lines stand in one of the two, whole. Nothing here holds up the worker: on a full disk lines wait, and where too many
 * wait the next ones are left out and counted.
 */
export class WorkerLogWriter {
  readonly #log: string;
  readonly #maxBytes: number;
  #file: number;
  #size: number;
  #waiting = '';
  #left = 0;
  #isWriting = false;
  #onIdle: (() => void) | undefined;

  /** `file` is the log, open to append; it is closed once it is full, unless it is one of the process's own streams. */
  constructor(log: string, file: number, maxBytes = MAX_BYTES) {
    this.#log = log;
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#size = fstatSync(file).size;
  }

  line(text: string): void {
    if (this.#waiting.length > MOST_CHARACTERS_WAITING) this.#left += 1;
    else this.#waiting += `${formatInstant(Date.now())} ${text}\n`;
    if (this.#isWriting) return;
    // Together with the lines that follow in this turn of the event loop: a write takes another thread.
    this.#isWriting = true;
    setImmediate(() => this.#writeNext());
  }

  /** Resolves once all is written, or after the time limit. */
  async flush(limitMs: number): Promise<void> {
    if (!this.#isWriting) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #writeNext(): void {
    if (this.#size >= this.#maxBytes) this.#rotate();
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#isWriting = bytes.length > 0;
    if (this.#isWriting) this.#write(bytes);
    else this.#onIdle?.();
  }

  #write(bytes: Buffer): void {
    write(this.#file, bytes, (error, written) => {
      if (error !== null) {
        setTimeout(() => this.#write(bytes), systemErrorCode(error) === 'EAGAIN' ? 10 : RETRY_MS);
        return;
      }
      this.#size += written;
      if (written < bytes.length) return this.#write(bytes.subarray(written));
      this.#tellOfLeftOut();
      this.#writeNext();
    });
  }

  #tellOfLeftOut(): void {
    if (this.#left === 0) return;
    const left = this.#left === 1 ? '1 line is missing' : `${this.#left} lines are missing`;
    this.#left = 0;
    this.#waiting += `${formatInstant(Date.now())} ${left}: the log could not be written\n`;
  }

  /** Where that fails the file goes on to grow, and the next write tries again. */
  #rotate(): void {
    const files = generationsOf(this.#log);
    try {
      for (let index = files.length - 1; index > 0; index -= 1) moveIfThere(files[index - 1], files[index]);
      const full = this.#file;
      this.#file = openToAppend(this.#log);
      this.#size = fstatSync(this.#file).size;
      if (full > 2) closeSync(full);
    } catch {
      // Nothing is lost by it.
    }
  }
}

function moveIfThere(from = '', to = ''): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}
