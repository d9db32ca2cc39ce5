import { watch, writeFileSync } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { configPath } from '../config.js';

/** Time for an editor that writes in several steps to be done. */
const SETTLE_MS = 50;

/**
 * Calls back after each change of config.json, until the signal aborts. The kernel tells of changes; nothing is
 * polled. The file is made where it is missing, for what does not exist cannot be watched; the directory around
 * it cannot be watched instead, since the database in it changes with every job.
 */
export function watchConfig(home: string, onChange: () => void, signal: AbortSignal): void {
  const path = configPath(home);
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    try {
      makeIfMissing(path);
      watcher = watch(path, { persistent: false }, changed).on('error', disarm);
    } catch {
      // A home that cannot be watched keeps its settings until the next start.
    }
  };
  const disarm = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  // The file is replaced, not written: the watcher looks at the old one and has to be set up anew, before the
  // new one is read, so that no change falls between the two.
  const changed = (): void => {
    disarm();
    clearTimeout(timer);
    timer = setTimeout(() => {
      arm();
      onChange();
    }, SETTLE_MS);
  };
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    disarm();
  });
  arm();
}

function makeIfMissing(path: string): void {
  try {
    writeFileSync(path, '{}\n', { flag: 'wx', mode: 0o600 });
  } catch {
    // It is there, or cannot be made: then the watch fails and says so.
  }
}
