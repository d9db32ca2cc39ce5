/** How far a long command has come, on a line of the terminal that is gone when it ends. */
import { writeAll } from './print.js';

/** Shorter commands show nothing, and nobody reads faster. */
const FIRST_AFTER_MS = 500;
const EVERY_MS = 100;
const CLEAR_LINE = '\r\u001b[K';

export interface ProgressOptions {
  /** stderr is a terminal, and talk is wanted. */
  readonly shown: boolean;
  readonly noun: string;
  /** Of what is counted as done, where that is known: bytes of the input, or jobs. */
  readonly total?: number | undefined;
}

export class Progress {
  readonly #options: ProgressOptions;
  readonly #startMs = performance.now();
  #nextMs = this.#startMs + FIRST_AFTER_MS;
  #hasLine = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  update(count: number, done: number): void {
    if (!this.#options.shown) return;
    const now = performance.now();
    if (now < this.#nextMs) return;
    this.#nextMs = now + EVERY_MS;
    this.#hasLine = true;
    writeAll(2, `${CLEAR_LINE}${progressText(this.#options, count, done, now - this.#startMs)}`);
  }

  /** Takes the line away, before anything else is printed. */
  clear(): void {
    if (this.#hasLine) writeAll(2, CLEAR_LINE);
    this.#hasLine = false;
  }
}

/** "120,000 jobs, 85,000/s, 45 %" */
export function progressText(
  { noun, total }: Pick<ProgressOptions, 'noun' | 'total'>,
  count: number,
  done: number,
  ms: number,
): string {
  const group = (n: number): string => Math.round(n).toLocaleString('en-US');
  const part = total === undefined ? '' : `, ${Math.min(100, Math.floor((done / total) * 100))} %`;
  return `${group(count)} ${noun}, ${group((count / Math.max(1, ms)) * 1000)}/s${part}`;
}
