import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Counts } from '../../job/job.js';
import type { Connection } from './connection.js';
import { NOT_PAUSED } from './queues.js';

/** What one transaction changes in the counters: summed in memory, written once before its commit. */
export class CounterChanges {
  readonly #queues = new Map<string, Map<State, number>>();

  add(queue: string, state: State, n: number): void {
    let states = this.#queues.get(queue);
    if (states === undefined) this.#queues.set(queue, (states = new Map<State, number>()));
    states.set(state, (states.get(state) ?? 0) + n);
  }

  move(queue: string, from: State, to: State): void {
    this.add(queue, from, -1);
    this.add(queue, to, 1);
  }

  /** Adds the net change of each counter. Runs inside the transaction that changed the jobs, so both hold or neither. */
  write(connection: Connection): void {
    const statement = connection.sql(`
      INSERT INTO counters (queue, state, n) VALUES (?, ?, ?)
      ON CONFLICT (queue, state) DO UPDATE SET n = n + excluded.n`);
    for (const [queue, states] of this.#queues)
      for (const [state, n] of states) if (n !== 0) statement.run(queue, state, n);
  }
}

/** Reads one row a queue and state, however many jobs there are. */
export async function counts(
  connection: Connection,
  queues: readonly string[] | null = null,
): Promise<Counts> {
  const rows =
    queues === null
      ? await connection.rows('SELECT state, sum(n) AS n FROM counters GROUP BY state')
      : await connection.rows(
          'SELECT state, sum(n) AS n FROM counters WHERE queue IN (SELECT value FROM json_each(?)) GROUP BY state',
          JSON.stringify(queues),
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
  SELECT queue FROM counters WHERE n > 0 AND state IN ('pending', 'processing', 'failed') AND ${NOT_PAUSED}
  UNION
  SELECT queue FROM jobs INDEXED BY jobs_rerun WHERE state = 'scheduled' AND run > 0 AND ${NOT_PAUSED}`;
