/** A view that is drawn anew in place, on a screen of its own: what stood on the terminal is there again after it. */
import type { Store } from '../../store/store.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { onEachChange } from '../store-changes.js';
import { writeAll } from './print.js';

/** Nobody reads faster. */
const REST_MS = 100;
/** Ages and times go on where nothing else changes. */
const AT_LATEST_MS = 1000;

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Where a terminal knows it, it shows the frame when it is whole. */
const [BEGIN, END] = ['\u001b[?2026h\u001b[H', '\u001b[J\u001b[?2026l'];
/** Before a line, not after it: in the last column it would take the last character away. */
const TO_LINE_END = '\u001b[K';

/**
 * Shows what `frame` says now, and again after each change of the store, until Ctrl-C or another signal; the exit code.
 * The terminal is left as it was, whatever happens; while it is stopped by Ctrl-Z, too.
 */
export async function showLive(store: Store, frame: () => Promise<string>): Promise<number> {
  const over = new AbortController();
  const stopListening = onEndSignal((signal) => over.abort(signal));
  const screen = new Screen();
  try {
    const look = async (): Promise<void> => screen.draw(await frame());
    await onEachChange(store, look, { signal: over.signal, restMs: REST_MS, atLatestMs: AT_LATEST_MS });
  } finally {
    screen.close();
    stopListening();
  }
  return exitCodeOf(String(over.signal.reason));
}

class Screen {
  #shown: string | null = null;
  readonly #stop = (): void => {
    writeAll(1, LEAVE);
    process.kill(process.pid, 'SIGSTOP');
  };
  readonly #enter = (): void => {
    this.#shown = null;
    writeAll(1, ENTER);
  };
  readonly #forget = (): void => void (this.#shown = null);

  constructor() {
    this.#enter();
    process.on('SIGTSTP', this.#stop);
    process.on('SIGCONT', this.#enter);
    process.stdout.on('resize', this.#forget);
  }

  /** Line over line, so that nothing is empty in between; what does not fit is counted in the last line. */
  draw(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    const lines = fitLines(text.trimEnd().split('\n'), process.stdout.rows || 24);
    writeAll(1, BEGIN + lines.map((line) => TO_LINE_END + line).join('\r\n') + END);
  }

  close(): void {
    process.removeListener('SIGTSTP', this.#stop);
    process.removeListener('SIGCONT', this.#enter);
    process.stdout.removeListener('resize', this.#forget);
    try {
      writeAll(1, LEAVE);
    } catch {
      // The terminal has gone, and nothing is to be restored.
    }
  }
}

/** At most so many lines. */
function fitLines(lines: readonly string[], height: number): readonly string[] {
  if (lines.length <= height) return lines;
  const kept = Math.max(0, height - 1);
  return [...lines.slice(0, kept), `… ${lines.length - kept} more lines`];
}
