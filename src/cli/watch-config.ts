import { existsSync, linkSync, rmSync, watch, writeFileSync } from 'node:fs';
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

/** Appears in one step, whole: another worker that starts at the same moment must not read half of it. */
function makeIfMissing(path: string): void {
  if (existsSync(path)) return;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, '{}\n', { mode: 0o600 });
    linkSync(temporary, path);
  } catch {
    // It is there by now, or cannot be made: then the watch fails and says so.
  } finally {
    rmSync(temporary, { force: true });
  }
}
