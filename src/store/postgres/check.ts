/** Whether the database is what it should be. Each of these reads much, and none of it is done by anybody but `doctor`. */
import type { State } from '../../job/state.js';
import type { WrongCounter } from '../overview.js';
import type { Connection } from './connection.js';

/** The server watches over its own files: `pg_amcheck` looks at them. */
export async function damages(): Promise<string[]> {
  return [];
}

const STORED = 'SELECT queue, state, count(*) AS n FROM queuectl.jobs GROUP BY queue, state';

const WRONG = `
  SELECT coalesce(c.queue, j.queue) AS queue, coalesce(c.state, j.state) AS state,
    coalesce(c.n, 0) AS counted, coalesce(j.n, 0) AS stored
  FROM (SELECT queue, state, sum(n)::bigint AS n FROM queuectl.counters GROUP BY queue, state) c
  FULL JOIN (${STORED}) j ON j.queue = c.queue AND j.state = c.state
  WHERE coalesce(c.n, 0) <> coalesce(j.n, 0) ORDER BY queue, state`;

export async function wrongCounters(connection: Connection): Promise<WrongCounter[]> {
  return (await connection.rows(WRONG)).map((row) => ({
    queue: String(row['queue']),
    state: row['state'] as State,
    counted: Number(row['counted']),
    stored: Number(row['stored']),
  }));
}

/** Nobody changes a job meanwhile: what reads the jobs goes on. */
export async function mendCounters(connection: Connection): Promise<void> {
  await connection.write(async (transaction) => {
    await transaction.exec('LOCK TABLE queuectl.jobs, queuectl.counters IN SHARE ROW EXCLUSIVE MODE');
    await transaction.exec('UPDATE queuectl.counters SET n = 0');
    await transaction.exec(`
      INSERT INTO queuectl.counters (queue, state, stripe, n) SELECT queue, state, 0, n FROM (${STORED}) j
      ON CONFLICT (queue, state, stripe) DO UPDATE SET n = excluded.n`);
  });
}

const NEWEST = `
  SELECT greatest(
    (SELECT created_at FROM queuectl.jobs ORDER BY seq DESC LIMIT 1),
    (SELECT max(heartbeat) FROM queuectl.workers), (SELECT max(at) FROM queuectl.acts),
    (SELECT max(finished_at) FROM queuectl.jobs WHERE state = 'completed'),
    (SELECT max(finished_at) FROM queuectl.jobs WHERE state = 'dead'),
    (SELECT max(finished_at) FROM queuectl.jobs WHERE state = 'cancelled')
  ) AS at`;

/** By the indexes, and by the key of the last job. */
export async function newestTimeMs(connection: Connection): Promise<number | null> {
  const at = (await connection.rows(NEWEST))[0]?.['at'];
  return typeof at === 'number' ? at : null;
}
