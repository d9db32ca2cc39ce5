/** The one door out of `processing`: success, failure, kill, give-back and rescue all pass this guarded write. */
import { heedCancel } from '../../job/decide.js';
import { isAllowed } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Transition } from '../../job/decide.js';
import type { FinishedRun, Session } from '../store.js';
import type { Connection } from './connection.js';
import type { CounterChanges } from './counters.js';
import type { SqlValue } from './driver.js';
import { toPendingCancel } from './rows.js';
import { appendRun } from './runs.js';

/** Fenced by seq, run, session and state. No row: the claim was lost, and the session's word changes nothing. */
const FIND_OWN = `
  SELECT queue, attempts, crashes, run_at, started_at, cancel FROM jobs
  WHERE seq = ? AND run = ? AND session_id = ? AND state = 'processing'`;

const FINISH = `
  UPDATE jobs SET state = ?, attempts = ?, crashes = ?, run_at = ?, session_id = ?, updated_at = ?, started_at = ?,
    finished_at = ?, exit_code = ?, signal = ?, reason = ?, cancel = NULL
  WHERE seq = ? AND run = ? AND session_id = ? AND state = 'processing'`;

/**
 * The state that the job is in now. Null: the run is no longer the session's, and nothing was changed. A cancel that
 * came after the run's end was decided on is heeded here, and is over with it.
 */
export function finishRun(
  connection: Connection,
  session: Session,
  finished: FinishedRun,
  now: number,
  counters: CounterChanges,
): State | null {
  const { seq, run } = finished;
  const row = connection.sql(FIND_OWN).get(seq, run, session.id);
  if (row === undefined) return null;
  const cancel = toPendingCancel(row['cancel']);
  const transition =
    cancel === null ? finished.transition : heedCancel(finished.transition, finished.outcome);
  refuseImpossible(transition.to);
  const attempts = ('attempts' in transition ? transition.attempts : null) ?? Number(row['attempts']);
  const crashes = ('crashes' in transition ? transition.crashes : null) ?? Number(row['crashes']);
  const runAtMs =
    'delayMs' in transition && transition.delayMs > 0 ? now + transition.delayMs : Number(row['run_at']);
  const reason = transition.to === 'cancelled' && cancel !== null ? cancel.reason : finished.reason;
  const ending: SqlValue[] = [now, finished.exitCode, finished.signal, reason];
  const startedAt = startOf(finished, Number(row['started_at']), now);
  const owner = keepsJob(session, transition) ? session.id : null;
  connection
    .sql(FINISH)
    .run(transition.to, attempts, crashes, runAtMs, owner, now, startedAt, ...ending, seq, run, session.id);
  appendRun(connection, session.id, startedAt, now, finished);
  counters.move(String(row['queue']), 'processing', transition.to);
  return transition.to;
}

/** A job that was claimed ahead started later than that; a clock that was set back meanwhile changes nothing. */
function startOf({ startedMsAgo }: FinishedRun, claimedAt: number, now: number): number {
  return startedMsAgo === undefined ? claimedAt : Math.max(claimedAt, Math.round(now - startedMsAgo));
}

/** A foreground run keeps its failed job for its own retry, so that no worker takes it. */
function keepsJob(session: Session, transition: Transition): boolean {
  return session.kind === 'run' && transition.to === 'failed';
}

function refuseImpossible(to: State): void {
  const allowed = isAllowed('finish', 'processing', to) || isAllowed('give_back', 'processing', to);
  if (!allowed) throw new Error(`no run ends in the state ${to}`);
}
