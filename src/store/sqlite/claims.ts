/** The heart: what a session reports and what it gets, in one transaction. */
import { failpoint } from '../../failpoint.js';
import type {
  CancelledRun,
  Exchange,
  ExchangeRequest,
  FinishedRun,
  HowToStop,
  Outlook,
  RunKey,
  Session,
} from '../store.js';
import { cancelsOf } from './cancels.js';
import { claimJobs, hasReady } from './claim-jobs.js';
import type { Connection } from './connection.js';
import { Endings } from './endings.js';
import { finishRun } from './finish.js';
import { readOwned, runKey } from './owned.js';
import type { OwnedRun, OwnedRuns } from './owned.js';
import { nextDueMs, promoteDue } from './promote.js';
import { STOP_COLUMNS, toStop } from './session-rows.js';
import type { SessionRow } from './session-rows.js';

export async function exchange(
  connection: Connection,
  session: Session,
  request: ExchangeRequest,
): Promise<Exchange> {
  return connection.write(() => {
    const now = Date.now();
    const stopRequested = beat(connection, session, now);
    if (stopRequested === undefined) return allLost(request);
    const owned = readOwned(connection, session);
    const endings = new Endings(session.id, now);
    const { counters } = endings;
    const states = request.finished.map((run) => finishRun(session, owned, run, now, endings));
    const { disowned, cancels } = compareRunning(owned, request.running);
    const unknown = [...owned.values()];
    for (const run of unknown) finishRun(session, owned, neverStarted(run), now, endings);
    endings.write(connection);
    if (request.finished.length > 0) failpoint('finish.before_commit');
    if (unknown.length > 0) failpoint('give_back.before_commit');
    promoteDue(connection, now, counters);
    const claims = request.free > 0 ? claimJobs(connection, session, request.free, now, counters) : [];
    counters.write(connection);
    if (claims.length > 0) failpoint('claim.before_commit');
    const refused = request.finished.filter((_, index) => states[index] === null);
    return {
      claims,
      lost: [...refused, ...disowned].map(toKey),
      cancelled: request.finished.filter((_, index) => states[index] === 'cancelled').map(toKey),
      cancels,
      stopRequested,
    };
  });
}

const SESSION = `SELECT ${STOP_COLUMNS}, heartbeat FROM workers WHERE session_id = ? AND lock_name = ?`;
const BEAT = 'UPDATE workers SET heartbeat = ? WHERE session_id = ?';
/** A beat is a page of the write-ahead log: a busy worker does not write it with each of its commits. */
const BEAT_EVERY_MS = 1000;

/**
 * How somebody has asked the session to stop. Undefined: it has no row, others gave it up; it must change nothing and
 * get nothing.
 */
function beat(connection: Connection, session: Session, now: number): HowToStop | null | undefined {
  const row = connection.sql(SESSION).get(session.id, session.token);
  if (row === undefined) return undefined;
  if (Math.abs(now - Number(row['heartbeat'])) >= BEAT_EVERY_MS) connection.sql(BEAT).run(now, session.id);
  return toStop(row as unknown as SessionRow);
}

function allLost(request: ExchangeRequest): Exchange {
  return {
    claims: [],
    lost: [...request.finished, ...request.running].map(toKey),
    cancelled: [],
    cancels: [],
    stopRequested: null,
  };
}

function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}

/**
 * Finds the runs that the session believes in and the store does not, and those that a person wants to end. Only what
 * the session does not know of stays in `owned`: claims whose answer never arrived. They go back and count nothing.
 */
function compareRunning(
  owned: OwnedRuns,
  running: readonly RunKey[],
): { disowned: RunKey[]; cancels: CancelledRun[] } {
  const disowned: RunKey[] = [];
  const cancels: CancelledRun[] = [];
  for (const run of running) {
    const key = runKey(run);
    const stored = owned.get(key);
    if (stored === undefined) disowned.push(run);
    else if (stored.cancel !== null) cancels.push({ ...toKey(run), cancel: stored.cancel });
    owned.delete(key);
  }
  return { disowned, cancels };
}

function neverStarted({ seq, run, crashes }: OwnedRun): FinishedRun {
  return {
    seq,
    run,
    transition: { to: 'pending', crashes, delayMs: 0 },
    outcome: 'given_back',
    exitCode: null,
    signal: null,
    reason: 'never started',
    outputBytes: 0,
    output: null,
  };
}

const STOP = `SELECT ${STOP_COLUMNS} FROM workers WHERE session_id = ? AND lock_name = ?`;

export async function outlook(connection: Connection, session: Session): Promise<Outlook> {
  return connection.read(() => {
    const own = connection.sql(STOP).get(session.id, session.token);
    const dueMs = nextDueMs(connection);
    return {
      ready: dueMs === 0 || hasReady(connection, session),
      nextDueMs: dueMs,
      cancels: cancelsOf(connection, session),
      stopRequested: own === undefined ? null : toStop(own as unknown as SessionRow),
      sessionLives: own !== undefined,
    };
  });
}
