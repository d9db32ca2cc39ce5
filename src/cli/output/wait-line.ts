/** One line of the terminal that says what is waited for, with the time; gone when the waiting ends. */
import { writeAll } from './print.js';

const EVERY_MS = 1000;
/** A shorter wait shows nothing. */
const FIRST_AFTER_MS = 500;
const CLEAR_LINE = '\r\u001b[K';

export class WaitLine {
  readonly #startMs = performance.now();
  readonly #first: NodeJS.Timeout | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #text = '';
  #hasLine = false;

  /** `shown`: stderr is a terminal, and talk is wanted. */
  constructor(shown: boolean) {
    if (!shown) return;
    this.#first = setTimeout(() => this.#draw(), FIRST_AFTER_MS);
    this.#timer = setInterval(() => this.#draw(), EVERY_MS);
  }

  show(text: string): void {
    const isNew = text !== this.#text;
    this.#text = text;
    if (isNew && performance.now() - this.#startMs >= FIRST_AFTER_MS) this.#draw();
  }

  /** Takes the line away, before anything else is printed; it comes again. */
  clear(): void {
    if (this.#hasLine) writeAll(2, CLEAR_LINE);
    this.#hasLine = false;
  }

  end(): void {
    clearTimeout(this.#first);
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    if (this.#timer === undefined || this.#text === '') return;
    this.#hasLine = true;
    const seconds = Math.floor((performance.now() - this.#startMs) / 1000);
    writeAll(2, `${CLEAR_LINE}${this.#text}, ${seconds} s`);
  }
}
