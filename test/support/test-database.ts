/** On which store the suites run, and for PostgreSQL the database of a home. */
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from './processes.js';

export const BINARY = fileURLToPath(new URL('../../bin/queuectl.cjs', import.meta.url));

export const onPostgres = process.env['QUEUECTL_TEST_STORE'] === 'postgres';

/** Where database-pool.ts keeps databases ready; null: this run is on SQLite. */
export function poolDirectory(): string | null {
  return process.env['QUEUECTL_TEST_POOL'] ?? null;
}

const LOOK_EVERY_MS = 5;

export interface TestDatabase {
  readonly url: string;
  /** Nobody uses it any more. */
  readonly giveBack: () => void;
}

/** One that is empty, with the schema; null where the home itself is the store. At once, since a home is made at once. */
export function takeDatabase(): TestDatabase | null {
  const pool = poolDirectory();
  if (pool === null) return null;
  const name = takeOne(pool);
  return {
    url: `${process.env['QUEUECTL_TEST_POOL_SERVER'] ?? ''}${name}`,
    giveBack: () => renameSync(join(pool, 'taken', name), join(pool, 'over', name)),
  };
}

function takeOne(pool: string): string {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    for (const name of readdirSync(join(pool, 'ready'))) {
      try {
        renameSync(join(pool, 'ready', name), join(pool, 'taken', name));
        return name;
      } catch {
        // Another test was sooner.
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
  throw new Error('no database became ready');
}
