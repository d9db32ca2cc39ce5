/** Removing jobs that are over, in small transactions, and what must be remembered of it. */
import { failpoint } from '../../failpoint.js';
import type { FinalState } from '../../job/state.js';
import { DAY, HOUR } from '../../time.js';
import type { Pruned, PruneSelection } from '../pruning.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import { noteRemoved, removeRow } from './remove.js';

/** By the index of ended jobs. */
const ended = (state: FinalState): string => `FROM jobs WHERE state = '${state}' AND finished_at < ?`;

/** Under the write lock, so that nobody retries one of them meanwhile. No row: nothing is that old. */
export const oldest = (state: FinalState): string =>
  `SELECT seq, queue ${ended(state)} ORDER BY finished_at LIMIT ?`;

/**
 * Removes the oldest jobs, with their runs, and notes whose logs are now to go.
 */
export async function pruneJobs(
  connection: Connection,
  { states, endedBeforeMs }: PruneSelection,
  limit: number,
): Promise<Pruned | null> {
  return connection.write(() => {
    const counters = new CounterChanges();
    const seqs: number[] = [];
    for (const state of states) {
      for (const row of connection.sql(oldest(state)).all(endedBeforeMs, limit - seqs.length)) {
        const seq = Number(row['seq']);
        removeRow(connection, seq);
        counters.add(String(row['queue']), state, -1);
        seqs.push(seq);
      }
    }
    const pruned = noteRemoved(connection, seqs);
    if (pruned === null) return null;
    counters.write(connection);
    failpoint('prune.before_commit');
    return pruned;
  });
}

/** How many there are; reads their part of the index. */
export async function countPrunable(
  connection: Connection,
  { states, endedBeforeMs }: PruneSelection,
): Promise<number> {
  return connection.read(() =>
    states
      .map((state) =>
        Number(connection.sql(`SELECT count(*) AS n ${ended(state)}`).get(endedBeforeMs)?.['n']),
      )
      .reduce((sum, n) => sum + n, 0),
  );
}

/** When the last round began, by the clock, and up to when time had passed for it. */
interface Round {
  readonly at: number;
  readonly reached: number;
}

const ROUND = `SELECT value FROM meta WHERE key = 'prune_round'`;

/**
 * Begins the round of this hour, for one of all workers: the time by which ages are to be measured, or null where a round
 * was begun less than an hour ago. It is the clock's, but it grows by a day at most from one round to the next: a
 * clock that is set forward by a year for a while must not remove what is a day old. It begins at the newest job.
 */
export async function beginPruneRound(connection: Connection): Promise<number | null> {
  // A look before the lock: nearly always there is nothing to do.
  const [row] = await connection.rows(ROUND);
  if (row !== undefined && !isDue(toRound(row), Date.now())) return null;
  return connection.write(() => {
    const now = Date.now();
    const again = connection.sql(ROUND).get();
    const last = again === undefined ? null : toRound(again);
    if (last !== null && !isDue(last, now)) return null;
    const from = last?.reached ?? newestJobMs(connection) ?? now;
    const reached = Math.min(now, from + DAY);
    connection
      .sql(
        `INSERT INTO meta (key, value) VALUES ('prune_round', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
      )
      .run(JSON.stringify({ at: now, reached } satisfies Round));
    return reached;
  });
}

/** A round in the future was begun by a wrong clock. */
function isDue({ at }: Round, now: number): boolean {
  return now - at >= HOUR || now < at;
}

function toRound(row: Readonly<Record<string, unknown>>): Round {
  return JSON.parse(String(row['value'])) as Round;
}

function newestJobMs(connection: Connection): number | null {
  const row = connection.sql('SELECT created_at FROM jobs WHERE seq = (SELECT max(seq) FROM jobs)').get();
  return row === undefined ? null : Number(row['created_at']);
}
