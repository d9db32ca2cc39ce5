/** Removing jobs that are over, in small transactions, and what must be remembered of it. */
import { failpoint } from '../../failpoint.js';
import type { FinalState } from '../../job/state.js';
import { DAY, HOUR } from '../../time.js';
import type { Row } from '../rows/row.js';
import type { Pruned, PruneSelection } from '../pruning.js';
import { plainArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { CounterChanges } from './counters.js';
import { TAKE_LOCK } from './locks.js';
import { NOW_MS } from './now.js';
import { noteRemoved, REMOVE } from './remove.js';

/** By the index of ended jobs. */
const ended = (state: FinalState): string =>
  `FROM queuectl.jobs WHERE state = '${state}' AND finished_at < $1`;

/** Nobody retries one of them meanwhile, for their rows are held. No row: nothing is that old. */
const oldest = (state: FinalState): string => `
  SELECT seq ${ended(state)} ORDER BY finished_at, seq LIMIT $2 FOR UPDATE SKIP LOCKED`;

/** Removes the oldest jobs, with their runs, and notes whose logs are now to go. */
export async function pruneJobs(
  connection: Connection,
  { states, endedBeforeMs }: PruneSelection,
  limit: number,
): Promise<Pruned | null> {
  return connection.write(async (transaction) => {
    const seqs: number[] = [];
    for (const state of states) {
      const rows = await transaction.rows(oldest(state), endedBeforeMs, limit - seqs.length);
      seqs.push(...rows.map((row) => Number(row['seq'])));
    }
    const counters = new CounterChanges();
    for (const row of seqs.length === 0 ? [] : await transaction.rows(REMOVE, plainArray(seqs)))
      counters.add(String(row['queue']), row['state'] as FinalState, -1);
    const pruned = await noteRemoved(transaction, seqs);
    if (pruned === null) return null;
    await counters.write(transaction);
    failpoint('prune.before_commit');
    return pruned;
  });
}

/** How many there are; reads their part of the index. */
export async function countPrunable(
  connection: Connection,
  { states, endedBeforeMs }: PruneSelection,
): Promise<number> {
  return connection.read(async (transaction) => {
    let sum = 0;
    for (const state of states) {
      const [row] = await transaction.rows(`SELECT count(*) AS n ${ended(state)}`, endedBeforeMs);
      sum += Number(row?.['n']);
    }
    return sum;
  });
}

/** When the last round began, by the clock, and up to when time had passed for it. */
interface Round {
  readonly at: number;
  readonly reached: number;
}

const ROUND = `
  SELECT ${NOW_MS} AS now, (SELECT value FROM queuectl.meta WHERE key = 'prune_round') AS round`;

/**
 * Begins the round of this hour, for one of all workers: the time by which ages are to be measured, or null where a round
 * was begun less than an hour ago. It is the clock's, but it grows by a day at most from one round to the next: a
 * clock that is set forward by a year for a while must not remove what is a day old. It begins at the newest job.
 */
export async function beginPruneRound(connection: Connection): Promise<number | null> {
  // A look before the lock: nearly always there is nothing to do.
  const [seen] = await connection.rows(ROUND);
  const last = toRound(seen);
  if (last !== null && !isDue(last, Number(seen?.['now']))) return null;
  return connection.write(async (transaction) => {
    await transaction.exec(TAKE_LOCK.pruneRound);
    return beginRound(transaction);
  });
}

async function beginRound(transaction: Transaction): Promise<number | null> {
  const [row] = await transaction.rows(ROUND);
  const now = Number(row?.['now']);
  const last = toRound(row);
  if (last !== null && !isDue(last, now)) return null;
  const from = last?.reached ?? (await newestJobMs(transaction)) ?? now;
  const reached = Math.min(now, from + DAY);
  await transaction.rows(
    `INSERT INTO queuectl.meta (key, value) VALUES ('prune_round', $1)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    JSON.stringify({ at: now, reached } satisfies Round),
  );
  return reached;
}

/** A round in the future was begun by a wrong clock. */
function isDue({ at }: Round, now: number): boolean {
  return now - at >= HOUR || now < at;
}

function toRound(row: Row | undefined): Round | null {
  const text = row?.['round'];
  return typeof text === 'string' ? (JSON.parse(text) as Round) : null;
}

async function newestJobMs(transaction: Transaction): Promise<number | null> {
  const [row] = await transaction.rows('SELECT created_at FROM queuectl.jobs ORDER BY seq DESC LIMIT 1');
  return row === undefined ? null : Number(row['created_at']);
}
