/** The ends of runs that one transaction records: gathered in memory, written before its commit. */
import type { State } from '../../job/state.js';
import type { FinishedRun, RunKey } from '../store.js';
import { bulkRows, MANY } from './bulk-rows.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import type { SqlValue } from './driver.js';
import type { OwnedRun } from './owned.js';
import { RunHistory } from './runs.js';

/** What the end of a run makes of its job. */
export interface JobEnd {
  readonly state: State;
  readonly attempts: number;
  readonly crashes: number;
  readonly runAtMs: number;
  /** Who keeps it; null: nobody. */
  readonly sessionId: number | null;
  readonly startedAtMs: number;
  readonly reason: string | null;
}

const SET = [
  'state',
  'attempts',
  'crashes',
  'run_at',
  'session_id',
  'started_at',
  'exit_code',
  'signal',
  'reason',
] as const;
const SEQ = SET.length;

/**
 * Fenced by seq, run, session and state. The rows were read under the same lock, so they are there: another answer than
 * as many rows means that the fence has a hole. No index but the table's own key: a session owns all of them.
 */
function finish(set: readonly string[], seq: string, run: string, from: string): string {
  return `
    UPDATE jobs SET ${SET.map((column, index) => `${column} = ${set[index] ?? '?'}`).join(', ')},
      updated_at = ?1, finished_at = ?1, cancel = NULL
    ${from} WHERE jobs.seq = ${seq} AND jobs.run = ${run} AND +jobs.session_id = ?2 AND jobs.state = 'processing'`;
}

const FINISH = finish(
  SET.map((_, index) => `?${index + 3}`),
  `?${SEQ + 3}`,
  `?${SEQ + 4}`,
  '',
);

export class Endings {
  readonly counters = new CounterChanges();
  readonly #sessionId: number;
  readonly #now: number;
  readonly #history = new RunHistory();
  readonly #rows: SqlValue[][] = [];

  constructor(sessionId: number, now: number) {
    this.#sessionId = sessionId;
    this.#now = now;
  }

  add({ queue }: OwnedRun, end: JobEnd, finished: FinishedRun): void {
    const { seq, run, exitCode, signal }: RunKey & FinishedRun = finished;
    const { state, attempts, crashes, runAtMs, sessionId, startedAtMs, reason } = end;
    this.#rows.push([
      state,
      attempts,
      crashes,
      runAtMs,
      sessionId,
      startedAtMs,
      exitCode,
      signal,
      reason,
      seq,
      run,
    ]);
    this.#history.add(this.#sessionId, startedAtMs, this.#now, finished);
    this.counters.move(queue, 'processing', state);
  }

  /** The one write by which jobs leave `processing`. The counters are left to the end of the transaction. */
  write(connection: Connection): void {
    const rows = this.#rows;
    const changes = rows.length >= MANY ? this.#writeMany(connection) : this.#writeEach(connection);
    if (changes !== rows.length) throw new Error('runs changed under the write lock');
    this.#history.write(connection);
  }

  #writeEach(connection: Connection): number {
    const statement = connection.sql(FINISH);
    return this.#rows.reduce(
      (sum, row) => sum + statement.run(this.#now, this.#sessionId, ...row).changes,
      0,
    );
  }

  #writeMany(connection: Connection): number {
    const { expressions, json, shared } = bulkRows(this.#rows, SEQ, 4);
    const [seq = '', run = ''] = expressions.slice(SEQ);
    return connection
      .sql(finish(expressions, seq, run, 'FROM json_each(?3)'))
      .run(this.#now, this.#sessionId, json, ...shared).changes;
  }
}
