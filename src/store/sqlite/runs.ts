import type { Run } from '../../job/job.js';
import type { FinishedRun, RunKey } from '../store.js';
import { bulkRows, MANY } from './bulk-rows.js';
import type { Connection } from './connection.js';
import { toRun } from '../rows/run-rows.js';

const COLUMNS = [
  'seq',
  'run',
  'session_id',
  'started_at',
  'finished_at',
  'outcome',
  'exit_code',
  'signal',
  'reason',
  'user_ms',
  'system_ms',
  'max_rss_kb',
  'output_bytes',
  'result',
] as const;
const SEQ = COLUMNS.indexOf('seq');

/** Appended once, when a run has ended, in the transaction that moves its job on. */
const APPEND = `
  INSERT INTO runs (${COLUMNS.join(', ')}, output) VALUES (${COLUMNS.map(() => '?').join(', ')}, ?)`;

interface Ended {
  readonly values: readonly (string | number | null)[];
  readonly output: Uint8Array | null;
}

/** What one transaction appends to the history: gathered in memory, written before its commit. */
export class RunHistory {
  readonly #ended: Ended[] = [];

  add(sessionId: number, startedAtMs: number, now: number, run: FinishedRun): void {
    const { usage } = run;
    const values = [
      run.seq,
      run.run,
      sessionId,
      startedAtMs,
      now,
      run.outcome,
      run.exitCode,
      run.signal,
      run.reason,
      usage === undefined ? null : Math.round(usage.userMs),
      usage === undefined ? null : Math.round(usage.systemMs),
      usage === undefined ? null : usage.maxRssKb,
      run.outputBytes,
      run.result ?? null,
    ];
    this.#ended.push({ values, output: run.output });
  }

  write(connection: Connection): void {
    // An output is bytes, which JSON cannot carry.
    const many = this.#ended.filter(({ output }) => output === null).map(({ values }) => values);
    const isMany = many.length >= MANY;
    for (const { values, output } of this.#ended)
      if (!isMany || output !== null) connection.sql(APPEND).run(...values, output);
    if (!isMany) return;
    const { expressions, json, shared } = bulkRows(many, SEQ, 2);
    connection
      .sql(`INSERT INTO runs (${COLUMNS.join(', ')}) SELECT ${expressions.join(', ')} FROM json_each(?1)`)
      .run(json, ...shared);
  }
}

export async function listRuns(connection: Connection, seq: number): Promise<Run[]> {
  return (await connection.rows('SELECT * FROM runs WHERE seq = ? ORDER BY run', seq)).map(toRun);
}

/** One look-up a run, by the job's key. */
export async function areProcessing(connection: Connection, runs: readonly RunKey[]): Promise<boolean[]> {
  const statement = `SELECT 1 FROM jobs WHERE seq = ? AND run = ? AND state = 'processing'`;
  return connection.read(() =>
    runs.map(({ seq, run }) => connection.sql(statement).get(seq, run) !== undefined),
  );
}

/** One look-up a job, by the table's key. */
export async function latestRuns(connection: Connection, seqs: readonly number[]): Promise<Map<number, Run>> {
  return connection.read(() => {
    const latest = new Map<number, Run>();
    for (const seq of seqs) {
      const row = connection.sql('SELECT * FROM runs WHERE seq = ? ORDER BY run DESC LIMIT 1').get(seq);
      if (row !== undefined) latest.set(seq, toRun(row));
    }
    return latest;
  });
}
