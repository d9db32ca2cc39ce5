import type { Run } from '../../job/job.js';
import type { FinishedRun, RunKey } from '../store.js';
import type { Connection } from './connection.js';
import { toRun } from './rows.js';

/** Appended once, when a run has ended, in the transaction that moves its job on. */
const APPEND = `
  INSERT INTO runs (seq, run, session_id, started_at, finished_at, outcome, exit_code, signal, reason,
    user_ms, system_ms, max_rss_kb, output_bytes, output, result)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function appendRun(
  connection: Connection,
  sessionId: number,
  startedAtMs: number,
  now: number,
  run: FinishedRun,
): void {
  connection
    .sql(APPEND)
    .run(
      run.seq,
      run.run,
      sessionId,
      startedAtMs,
      now,
      run.outcome,
      run.exitCode,
      run.signal,
      run.reason,
      run.usage === undefined ? null : Math.round(run.usage.userMs),
      run.usage === undefined ? null : Math.round(run.usage.systemMs),
      run.usage?.maxRssKb ?? null,
      run.outputBytes,
      run.output,
      run.result ?? null,
    );
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
