/** Conditions to wait for, and states that no command can make. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logFile } from '../../src/output/log-file.js';
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

const OLD_DAYS = 40;

/** Completed jobs of long ago, each with a log; that they were asked for is known to nobody. */
export function plantOldJobs(world: World, count: number): void {
  withDatabase(world.home, (database) => {
    const endedAt = Date.now() - OLD_DAYS * 86_400_000;
    database.exec('BEGIN IMMEDIATE');
    database
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO jobs (queue, state, priority, run_at, run, max_retries, backoff, command, options, created_at, updated_at, started_at, finished_at)
         SELECT 'old', 'completed', 0, 0, 1, 0, '{"base":2}', 'true', '{}', ?2, ?2, ?2, ?2 FROM n`,
      )
      .run(count, endedAt);
    database.prepare(`INSERT INTO counters VALUES ('old', 'completed', ?)`).run(count);
    database.exec('COMMIT');
    for (const { seq } of database.prepare(`SELECT seq FROM jobs WHERE queue = 'old'`).all() as {
      seq: number;
    }[]) {
      const file = logFile(logsDir(world), seq, 1);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'printed');
    }
  });
}

/** What is left of them: rows, and logs. */
export function oldJobsLeft(world: World): { readonly rows: number; readonly logs: number } {
  const rows = withDatabase(world.home, (database) =>
    Number(database.prepare(`SELECT count(*) AS n FROM jobs WHERE queue = 'old'`).get()?.['n']),
  );
  return { rows, logs: logsLeft(world) };
}

export function logsLeft(world: World): number {
  const names = readdirSync(logsDir(world), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.log')).length;
}

/** Under the database's id, the one directory of the home. */
function logsDir(world: World): string {
  const id = readdirSync(world.home).find((name) => /^[0-9a-f]{16}$/.test(name)) ?? '';
  const directory = join(world.home, id, 'logs');
  mkdirSync(directory, { recursive: true });
  return directory;
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
