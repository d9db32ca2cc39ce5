/** The write-ahead log: every commit is appended to it, and checkpoints move it into the database. */
import { statSync } from 'node:fs';
import type { Connection } from './connection.js';

/** At 1,000 pages, SQLite's own bound, the commit that reaches it moves the log on: 4 MiB with the headers of the pages. */
const USUAL_BYTES = 1000 * (4096 + 24) + 32;
/** What one more large transaction makes of it is left to the next commits. */
const LONG_BYTES = 2 * USUAL_BYTES;

/**
 * For each connection. A reader that stays holds the log back, and it grows; when it is begun anew afterwards, the
 * rest of the file is cut off.
 */
export const BOUNDS = `PRAGMA journal_size_limit = ${USUAL_BYTES}`;

/**
 * Moves a long log on, and cuts it off. Commits do so by themselves, but none may come after a reader that held the log
 * back. SQLite's own lock lets one process do it at a time; another one finds it taken and does nothing. Never throws: a
 * disk in trouble is reported by whoever commits.
 */
export async function boundLog(connection: Connection): Promise<void> {
  try {
    if (logBytes(connection) <= LONG_BYTES) return;
    // First what keeps nobody waiting; cutting off needs a moment without readers, and is quick when all is moved.
    const [moved] = connection.sql('PRAGMA wal_checkpoint(PASSIVE)').all();
    const isWhole = moved?.['busy'] === 0 && moved['log'] === moved['checkpointed'];
    if (isWhole) connection.sql('PRAGMA wal_checkpoint(TRUNCATE)').all();
  } catch {
    // The next round tries again.
  }
}

/** By its name: the file itself is never opened but by SQLite. */
export function logBytes({ path }: Connection): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
