import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** For file systems that report no changes, and for changes that slip between two watches. */
const POLL_MS = 250;

/** Rings when a file may have changed or appeared, and every 250 ms. */
export class FileBell {
  readonly #file: string;
  #watcher: FSWatcher | null = null;
  #watched: string | null = null;
  #isRinging = false;
  #wake: (() => void) | null = null;
  #poll: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Stops the ringing, and sees to it that the next change rings. Look at the file after this. */
  listen(): void {
    this.#isRinging = false;
    if (this.#watched === this.#file) return;
    // Until the file is there, its directory tells of its creation, or the nearest directory above that exists.
    for (let path = this.#file; ; path = dirname(path)) {
      if (path === this.#watched || this.#watch(path) || path === dirname(path)) return;
    }
  }

  ring(): void {
    this.#isRinging = true;
    this.#wake?.();
  }

  /** Resolves at the first ring since listen(), at once if there was one. */
  async rung(): Promise<void> {
    if (this.#isRinging) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#poll = setTimeout(resolve, POLL_MS);
    });
    clearTimeout(this.#poll);
    this.#wake = null;
  }

  close(): void {
    this.#watcher?.close();
    clearTimeout(this.#poll);
  }

  #watch(path: string): boolean {
    try {
      const watcher = watch(path, () => this.ring());
      // A watch that breaks leaves the poll.
      watcher.on('error', () => watcher.close());
      this.#watcher?.close();
      this.#watcher = watcher;
      this.#watched = path;
      return true;
    } catch {
      return false; // Not there yet, or the system's watches are used up.
    }
  }
}
