/** Rows become what `events` tells of, for both stores. */
import type { OutcomeKind } from '../../job/job.js';
import type { State } from '../../job/state.js';
import type { JobMoment, RunMoment } from '../overview.js';
import type { Row } from './row.js';

export function toMoment(row: Row): JobMoment {
  const orNull = (value: unknown): number | null => (value === null ? null : Number(value));
  return {
    seq: Number(row['seq']),
    id: String(row['id'] ?? row['seq']),
    queue: String(row['queue']),
    state: row['state'] as State,
    run: Number(row['run']),
    sessionId: orNull(row['session_id']),
    createdAtMs: Number(row['created_at']),
    updatedAtMs: Number(row['updated_at']),
    runAtMs: Number(row['run_at']),
    startedAtMs: orNull(row['started_at']),
    finishedAtMs: orNull(row['finished_at']),
    reason: row['reason'] as string | null,
  };
}

export function toRunMoment(row: Row): RunMoment {
  return {
    seq: Number(row['seq']),
    run: Number(row['run']),
    sessionId: Number(row['session_id']),
    startedAtMs: Number(row['started_at']),
    finishedAtMs: Number(row['finished_at']),
    outcome: row['outcome'] as OutcomeKind,
    exitCode: row['exit_code'] as number | null,
    signal: row['signal'] as string | null,
    reason: row['reason'] as string | null,
  };
}
