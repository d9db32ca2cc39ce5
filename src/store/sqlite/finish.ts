/** What the end of a run makes of its job: success, failure, kill, give-back and rescue all pass here. */
import { heedCancel } from '../../job/decide.js';
import { isAllowed } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Transition } from '../../job/decide.js';
import type { FinishedRun, Session } from '../store.js';
import type { Endings } from './endings.js';
import { runKey } from './owned.js';
import type { OwnedRuns } from './owned.js';

/**
 * The state that the job is to be in. Null: the run is no longer the session's, and nothing is changed. What was
 * reported is taken out of `owned`. A cancel that came after the run's end was decided on is heeded here, and is over
 * with it.
 */
export function finishRun(
  session: Session,
  owned: OwnedRuns,
  finished: FinishedRun,
  now: number,
  endings: Endings,
): State | null {
  const key = runKey(finished);
  const own = owned.get(key);
  if (own === undefined) return null;
  owned.delete(key);
  const { cancel } = own;
  const transition =
    cancel === null ? finished.transition : heedCancel(finished.transition, finished.outcome);
  refuseImpossible(transition.to);
  const end = {
    state: transition.to,
    attempts: ('attempts' in transition ? transition.attempts : null) ?? own.attempts,
    crashes: ('crashes' in transition ? transition.crashes : null) ?? own.crashes,
    runAtMs: 'delayMs' in transition && transition.delayMs > 0 ? now + transition.delayMs : own.runAtMs,
    sessionId: keepsJob(session, transition) ? session.id : null,
    startedAtMs: startOf(finished, own.startedAtMs, now),
    reason: transition.to === 'cancelled' && cancel !== null ? cancel.reason : finished.reason,
  };
  endings.add(own, end, finished);
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
