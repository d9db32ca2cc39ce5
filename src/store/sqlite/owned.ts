/** What a session owns, as the store has it: whatever a session reports is held against it, under the same lock. */
import type { PendingCancel } from '../../job/cancel.js';
import type { RunKey, Session } from '../store.js';
import type { Connection } from './connection.js';
import { toPendingCancel } from '../rows/rows.js';

export interface OwnedRun extends RunKey {
  readonly queue: string;
  readonly attempts: number;
  readonly crashes: number;
  readonly runAtMs: number;
  readonly startedAtMs: number;
  readonly cancel: PendingCancel | null;
}

/** By `runKey`. */
export type OwnedRuns = Map<string, OwnedRun>;

const OWNED = `
  SELECT seq, run, queue, attempts, crashes, run_at, started_at, cancel FROM jobs
  WHERE session_id = ? AND state = 'processing'`;

/** Inside of a transaction. One read for all that is reported: a look-up for each run would cost a third of its end. */
export function readOwned(connection: Connection, session: Session): OwnedRuns {
  const owned: OwnedRuns = new Map();
  for (const row of connection.sql(OWNED).all(session.id)) {
    const run: OwnedRun = {
      seq: Number(row['seq']),
      run: Number(row['run']),
      queue: String(row['queue']),
      attempts: Number(row['attempts']),
      crashes: Number(row['crashes']),
      runAtMs: Number(row['run_at']),
      startedAtMs: Number(row['started_at']),
      cancel: toPendingCancel(row['cancel']),
    };
    owned.set(runKey(run), run);
  }
  return owned;
}

export function runKey({ seq, run }: RunKey): string {
  return `${seq}.${run}`;
}
