import type { Run } from '../../job/job.js';
import type { FinishedRun, RunKey } from '../store.js';
import type { Connection } from './connection.js';
import { toRun } from './rows.js';

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

/** Appended once, when a run has ended, in the transaction that moves its job on. */
const APPEND = `
  INSERT INTO runs (${COLUMNS.join(', ')}, output) VALUES (${COLUMNS.map(() => '?').join(', ')}, ?)`;

/** The same for many without an output, as one JSON text: what a driver costs is the values it is handed one by one. */
const APPEND_MANY = `
  INSERT INTO runs (${COLUMNS.join(', ')})
  SELECT ${COLUMNS.map((_, index) => `value ->> ${index}`).join(', ')} FROM json_each(?)`;

/** Fewer are appended one by one: a table in memory for the JSON costs more than they do. */
const MANY = 16;

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
    const isMany = this.#ended.length >= MANY;
    const single = isMany ? this.#ended.filter(({ output }) => output !== null) : this.#ended;
    for (const { values, output } of single) connection.sql(APPEND).run(...values, output);
    if (!isMany) return;
    const many = this.#ended.filter(({ output }) => output === null).map(({ values }) => values);
    if (many.length > 0) connection.sql(APPEND_MANY).run(JSON.stringify(many));
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
