/** Conditions to wait for, and states that no command can make. */
import { waitUntil } from '../support/processes.js';
import { readLedger } from './harness/ledger.js';
import { withDatabase } from './harness/snapshot.js';
import type { World } from './harness/world.js';

/** Resolves once so many runs have begun, by the word of the jobs themselves. */
export async function untilRunning(world: World, starts: number): Promise<void> {
  await waitUntil(() => readLedger(world.ledgerFile).filter(({ line }) => line === 'S').length >= starts, {
    what: `${starts} starts in the ledger`,
    timeoutMs: 60_000,
  });
}

/** Claims pending jobs for the one living session without its knowledge, as if the answer to its claim had been lost. */
export function plantClaim(world: World, count: number): void {
  withDatabase(world.home, (database) => {
    database.exec('BEGIN IMMEDIATE');
    const { changes } = database
      .prepare(
        `UPDATE jobs SET state = 'processing', run = run + 1, started_at = updated_at,
           session_id = (SELECT session_id FROM workers)
         WHERE seq IN (SELECT seq FROM jobs WHERE state = 'pending' ORDER BY seq LIMIT ?)`,
      )
      .run(count);
    if (changes !== count) throw new Error(`${changes} of ${count} jobs were there to be claimed`);
    database.prepare(`UPDATE counters SET n = n - ? WHERE state = 'pending'`).run(count);
    database.prepare(`UPDATE counters SET n = n + ? WHERE state = 'processing'`).run(count);
    database.exec('COMMIT');
  });
}
