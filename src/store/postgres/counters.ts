import type { Counts } from '../../job/job.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import { plainArray, textArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { NOT_PAUSED } from './queues.js';

/** So many rows hold each counter: whoever adds to one of them waits for nobody who adds to another. */
export const STRIPES = 16;

/** The stripe of whoever is no session: any. */
export function anyStripe(): number {
  return Math.floor(Math.random() * STRIPES);
}

/**
 * The stripe of a transaction that is not ours, and may stay open for long: a row that nobody else writes, so that nobody
 * waits for it, and it meets no row of others that it does not see yet. The next roll-up takes it away.
 */
export const STRIPE_OF_TRANSACTION = `(${STRIPES} + pg_current_xact_id()::text::bigint % 2000000000)::integer`;

/**
 * Adds the net change of each counter, from rows of (queue, state, n). In one order, so that two that use the same stripe
 * cannot wait for each other in turn.
 */
export const addToCounters = (changes: string, stripe: string): string => `
  INSERT INTO queuectl.counters AS c (queue, state, stripe, n)
  SELECT queue, state, ${stripe}, sum(n)::bigint FROM (${changes}) changes
  GROUP BY queue, state HAVING sum(n) <> 0 ORDER BY queue, state
  ON CONFLICT (queue, state, stripe) DO UPDATE SET n = c.n + excluded.n`;

const CHANGE = addToCounters(
  'SELECT * FROM unnest($1::text[], $2::text[], $3::integer[]) AS given (queue, state, n)',
  '$4::integer',
);

/** What one transaction changes in the counters, job by job: summed in memory, written once before its commit. */
export class CounterChanges {
  readonly #queues: string[] = [];
  readonly #states: State[] = [];
  readonly #numbers: number[] = [];

  add(queue: string, state: State, n: number): void {
    this.#queues.push(queue);
    this.#states.push(state);
    this.#numbers.push(n);
  }

  move(queue: string, from: State, to: State): void {
    this.add(queue, from, -1);
    this.add(queue, to, 1);
  }

  /** Runs inside the transaction that changed the jobs, so both hold or neither. */
  async write(transaction: Pick<Transaction, 'rows'>): Promise<void> {
    if (this.#queues.length === 0) return;
    const [queues, states] = [textArray(this.#queues), textArray(this.#states)];
    await transaction.rows(CHANGE, queues, states, plainArray(this.#numbers), anyStripe());
  }
}

/** Reads the counters, however many jobs there are. */
export async function counts(
  connection: Connection,
  queues: readonly string[] | null = null,
): Promise<Counts> {
  const rows = await connection.rows(
    `SELECT state, sum(n)::bigint AS n FROM queuectl.counters
    WHERE $1::text IS NULL OR queue IN (SELECT json_array_elements_text($1::json)) GROUP BY state`,
    queues === null ? null : JSON.stringify(queues),
  );
  const found = new Map(rows.map((row) => [row['state'], Number(row['n'])]));
  return Object.fromEntries(STATES.map((state) => [state, found.get(state) ?? 0])) as Record<State, number>;
}

/** The counters, and one look at the few jobs that are scheduled for a rerun. */
export async function isDrained(connection: Connection, queues: readonly string[] | null): Promise<boolean> {
  const rows = await connection.rows(UNFINISHED);
  return !rows.some((row) => queues === null || queues.includes(String(row['queue'])));
}

/** Of these queues something is left that a worker may run, now or soon. */
const UNFINISHED = `
  SELECT queue FROM queuectl.counters
  WHERE state IN ('pending', 'processing', 'failed') AND ${NOT_PAUSED('counters.queue')}
  GROUP BY queue, state HAVING sum(n) > 0
  UNION
  SELECT queue FROM queuectl.jobs WHERE state = 'scheduled' AND run > 0 AND ${NOT_PAUSED('jobs.queue')}`;

const MOST_FOLDED = 1000;

/** A stripe that somebody is writing is left for the next time. Queues that had a job keep a row. */
const ROLL_UP = `
  WITH folded AS (
    DELETE FROM queuectl.counters c USING (
      SELECT queue, state, stripe FROM queuectl.counters WHERE stripe > 0 LIMIT ${MOST_FOLDED} FOR UPDATE SKIP LOCKED
    ) chosen
    WHERE (c.queue, c.state, c.stripe) = (chosen.queue, chosen.state, chosen.stripe)
    RETURNING c.queue, c.state, c.n
  ),
  counted AS (
    INSERT INTO queuectl.counters AS c (queue, state, stripe, n)
    SELECT queue, state, 0, sum(n)::bigint FROM folded GROUP BY queue, state ORDER BY queue, state
    ON CONFLICT (queue, state, stripe) DO UPDATE SET n = c.n + excluded.n
  )
  SELECT count(*) AS n FROM folded`;

const MOST_ROUNDS = 100;

/** Folds the stripes into one, so that reading them stays cheap however many queues and transactions there are. */
export async function rollUpCounters(connection: Connection): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const [row] = await connection.change(ROLL_UP);
    if (Number(row?.['n']) < MOST_FOLDED) return;
  }
}
