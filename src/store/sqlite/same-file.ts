import { statSync } from 'node:fs';
import { QueueError } from '../../errors.js';

/** Often enough to notice within a second, seldom enough to cost nothing. */
const EVERY_MS = 500;

/**
 * A check that the path still names the file that was opened: an open database lives on after its file was
 * removed or replaced, and whoever goes on writes into a ghost that nobody else can see.
 */
export function sameFileCheck(path: string): () => void {
  const opened = identity(path);
  let checkedAt = -EVERY_MS;
  return () => {
    if (performance.now() - checkedAt < EVERY_MS) return;
    checkedAt = performance.now();
    if (identity(path) === opened) return;
    throw new QueueError(
      'store_lost',
      `the database ${path} was replaced or removed while it was in use`,
      'stop what still uses the old one, then start again',
    );
  };
}

function identity(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.dev}:${stat.ino}`;
}
