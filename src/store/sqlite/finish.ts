/** The one door out of `processing`: success, failure, kill, give-back and rescue all pass this guarded write. */
import { heedCancel } from '../../job/decide.js';
import { isAllowed } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Transition } from '../../job/decide.js';
import type { FinishedRun, Session } from '../store.js';
import type { Connection } from './connection.js';
import type { CounterChanges } from './counters.js';
import { runKey } from './owned.js';
import type { OwnedRuns } from './owned.js';
import type { RunHistory } from './runs.js';

/**
 * Fenced by seq, run, session and state. The row was read under the same lock, so it is there: another answer than one
 * row means that the fence has a hole.
 */
const FINISH = `
  UPDATE jobs SET state = ?, attempts = ?, crashes = ?, run_at = ?, session_id = ?, updated_at = ?, started_at = ?,
    finished_at = ?, exit_code = ?, signal = ?, reason = ?, cancel = NULL
  WHERE seq = ? AND run = ? AND session_id = ? AND state = 'processing'`;

/** What the transaction is to write once all of its runs have ended. */
export interface Ending {
  readonly counters: CounterChanges;
  readonly history: RunHistory;
}

/**
 * The state that the job is in now. Null: the run is no longer the session's, and nothing was changed. What was
 * reported is taken out of `owned`. A cancel that came after the run's end was decided on is heeded here, and is over
 * with it.
 */
export function finishRun(
  connection: Connection,
  session: Session,
  owned: OwnedRuns,
  finished: FinishedRun,
  now: number,
  { counters, history }: Ending,
): State | null {
  const key = runKey(finished);
  const row = owned.get(key);
  if (row === undefined) return null;
  owned.delete(key);
  const { cancel } = row;
  const transition =
    cancel === null ? finished.transition : heedCancel(finished.transition, finished.outcome);
  refuseImpossible(transition.to);
  const attempts = ('attempts' in transition ? transition.attempts : null) ?? row.attempts;
  const crashes = ('crashes' in transition ? transition.crashes : null) ?? row.crashes;
  const runAtMs = 'delayMs' in transition && transition.delayMs > 0 ? now + transition.delayMs : row.runAtMs;
  const reason = transition.to === 'cancelled' && cancel !== null ? cancel.reason : finished.reason;
  const owner = keepsJob(session, transition) ? session.id : null;
  const startedAtMs = startOf(finished, row.startedAtMs, now);
  const { changes } = connection
    .sql(FINISH)
    .run(
      transition.to,
      attempts,
      crashes,
      runAtMs,
      owner,
      now,
      startedAtMs,
      now,
      finished.exitCode,
      finished.signal,
      reason,
      finished.seq,
      finished.run,
      session.id,
    );
  if (changes !== 1) throw new Error(`run ${key} changed under the write lock`);
  history.add(session.id, startedAtMs, now, finished);
  counters.move(row.queue, 'processing', transition.to);
  return transition.to;
}

/** A job that was claimed ahead started later than that; a clock that was set back meanwhile changes nothing. */
function startOf({ startedMsAgo }: FinishedRun, claimedAtMs: number, now: number): number {
  return startedMsAgo === undefined ? claimedAtMs : Math.max(claimedAtMs, Math.round(now - startedMsAgo));
}

/** A foreground run keeps its failed job for its own retry, so that no worker takes it. */
function keepsJob(session: Session, transition: Transition): boolean {
  return session.kind === 'run' && transition.to === 'failed';
}

function refuseImpossible(to: State): void {
  const allowed = isAllowed('finish', 'processing', to) || isAllowed('give_back', 'processing', to);
  if (!allowed) throw new Error(`no run ends in the state ${to}`);
}
