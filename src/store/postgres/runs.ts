import type { Run } from '../../job/job.js';
import { toRun } from '../rows/run-rows.js';
import type { RunKey } from '../store.js';
import { plainArray } from './arrays.js';
import type { Connection } from './connection.js';

export async function listRuns(connection: Connection, seq: number): Promise<Run[]> {
  return (await connection.rows('SELECT * FROM queuectl.runs WHERE seq = $1 ORDER BY run', seq)).map(toRun);
}

/** One value, not EXISTS: of that the planner may make one pass over all jobs, as long as it takes them for few. */
const PROCESSING = `
  SELECT (SELECT j.run = a.run AND j.state = 'processing' FROM queuectl.jobs j WHERE j.seq = a.seq) AS is_so
  FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS a (seq, run, place) ORDER BY a.place`;

/** One look-up a run, by the job's key. */
export async function areProcessing(connection: Connection, runs: readonly RunKey[]): Promise<boolean[]> {
  const rows = await connection.rows(
    PROCESSING,
    plainArray(runs.map(({ seq }) => seq)),
    plainArray(runs.map(({ run }) => run)),
  );
  return rows.map((row) => row['is_so'] === true);
}

const LATEST = `
  SELECT latest.* FROM unnest($1::bigint[]) AS a (seq)
  CROSS JOIN LATERAL (SELECT * FROM queuectl.runs r WHERE r.seq = a.seq ORDER BY run DESC LIMIT 1) latest`;

/** One look-up a job, by the table's key. */
export async function latestRuns(connection: Connection, seqs: readonly number[]): Promise<Map<number, Run>> {
  const rows = await connection.rows(LATEST, plainArray(seqs));
  return new Map(rows.map(toRun).map((run) => [run.seq, run]));
}
