/** Conditions to wait for, and states that no command can make. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logFile } from '../../src/output/log-file.js';
import { waitUntil } from '../support/processes.js';
import { readLedger } from './harness/ledger.js';
import { withDatabase } from '../support/database.js';
import type { World } from './harness/world.js';

/** Resolves once so many runs have begun, by the word of the jobs themselves. */
export async function untilRunning(world: World, starts: number): Promise<void> {
  await waitUntil(() => readLedger(world.ledgerFile).filter(({ line }) => line === 'S').length >= starts, {
    what: `${starts} starts in the ledger`,
  });
}

const OLD_DAYS = 40;

/** Completed jobs of long ago, each with a log; that they were asked for is known to nobody. */
export async function plantOldJobs(world: World, count: number): Promise<void> {
  const endedAt = Date.now() - OLD_DAYS * 86_400_000;
  const seqs = await withDatabase(world, async ({ rows }) => {
    await rows(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO jobs (queue, state, priority, run_at, run, max_retries, backoff, command, options, created_at, updated_at, started_at, finished_at)
       SELECT 'old', 'completed', 0, 0, 1, 0, '{"base":2}', 'true', '{}', ${endedAt}, ${endedAt}, ${endedAt}, ${endedAt} FROM n`,
    );
    const stripe = world.database === null ? '' : 'stripe, ';
    await rows(
      `INSERT INTO counters (queue, state, ${stripe}n) VALUES ('old', 'completed', ${stripe === '' ? '' : '0, '}${count})`,
    );
    return (await rows(`SELECT seq FROM jobs WHERE queue = 'old'`)).map((row) => Number(row['seq']));
  });
  for (const seq of seqs) {
    const file = logFile(logsDir(world), seq, 1);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'printed');
  }
}

/** What is left of them: rows, and logs. */
export async function oldJobsLeft(world: World): Promise<{ readonly rows: number; readonly logs: number }> {
  const [row] = await withDatabase(world, ({ rows }) =>
    rows(`SELECT count(*) AS n FROM jobs WHERE queue = 'old'`),
  );
  return { rows: Number(row?.['n']), logs: await logsLeft(world) };
}

/** In files, and in a store that takes them. */
export async function logsLeft(world: World): Promise<number> {
  const names = readdirSync(logsDir(world), { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.log')).length;
  if (world.database === null) return files;
  const stored = 'SELECT count(*) AS n FROM (SELECT DISTINCT seq, run FROM log_parts) AS logs';
  const [row] = await withDatabase(world, ({ rows }) => rows(stored));
  return files + Number(row?.['n']);
}

/** Under the database's id, the one directory of the home. */
function logsDir(world: World): string {
  const id = readdirSync(world.home).find((name) => /^(pg-)?[0-9a-f]{16}$/.test(name)) ?? '';
  const directory = join(world.home, id, 'logs');
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Claims pending jobs for the one living session without its knowledge, as if the answer to its claim had been lost. */
export async function plantClaim(world: World, count: number): Promise<void> {
  await withDatabase(world, async ({ rows }) => {
    const claimed = await rows(
      `UPDATE jobs SET state = 'processing', run = run + 1, started_at = updated_at,
         session_id = (SELECT session_id FROM workers)
       WHERE seq IN (SELECT seq FROM jobs WHERE state = 'pending' ORDER BY seq LIMIT ${count}) RETURNING seq`,
    );
    if (claimed.length !== count)
      throw new Error(`${claimed.length} of ${count} jobs were there to be claimed`);
    const change = async (state: string, n: number): Promise<void> => {
      const one =
        world.database === null
          ? ''
          : ` AND stripe = (SELECT min(stripe) FROM counters WHERE state = '${state}')`;
      await rows(`UPDATE counters SET n = n + ${n} WHERE state = '${state}'${one}`);
    };
    await change('pending', -count);
    await change('processing', count);
  });
}

/** A database without our schema, as it was before the first command; a home without its file is that. */
export async function forgetSchema(world: World): Promise<void> {
  if (world.database !== null) await withDatabase(world, ({ rows }) => rows('DROP SCHEMA queuectl CASCADE'));
}
