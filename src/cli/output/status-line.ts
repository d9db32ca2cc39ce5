import { harmlessLine } from './harmless.js';
import type { Output } from './output.js';
import { writeAll } from './print.js';
import { isTerminal, terminalWidth } from './terminal.js';

const CLEAR_LINE = '\r\u001b[K';

/** What a command waits for, on a line of the terminal that is gone when it ends. Off a terminal there is none. */
export class StatusLine {
  readonly #isShown: boolean;
  #hasLine = false;

  private constructor(isShown: boolean) {
    this.#isShown = isShown;
  }

  static of(output: Output, env: Readonly<Record<string, string | undefined>>): StatusLine {
    return new StatusLine(isTerminal(2) && !output.json && !output.quiet && env['TERM'] !== 'dumb');
  }

  show(text: string): void {
    if (!this.#isShown) return;
    this.#hasLine = true;
    // A longer one would break, and only its last row be cleared.
    writeAll(2, `${CLEAR_LINE}${harmlessLine(text).slice(0, terminalWidth() - 1)}`);
  }

  clear(): void {
    if (this.#hasLine) writeAll(2, CLEAR_LINE);
    this.#hasLine = false;
  }
}
