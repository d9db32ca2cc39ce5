/** The heart: what a session reports and what it gets, in one transaction. */
import { failpoint } from '../../failpoint.js';
import type {
  CancelledRun,
  Exchange,
  ExchangeRequest,
  FinishedRun,
  Outlook,
  RunKey,
  Session,
} from '../store.js';
import { cancelsOf, toCancelledRuns } from './cancel.js';
import { claimJobs, readyQueues } from './claim-jobs.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import type { Row } from './driver.js';
import { finishRun } from './finish.js';
import { nextDueMs, promoteDue } from './promote.js';

export async function exchange(
  connection: Connection,
  session: Session,
  request: ExchangeRequest,
): Promise<Exchange> {
  return connection.write(() => {
    const now = Date.now();
    const beat = connection.sql(BEAT).get(now, session.id);
    if (beat === undefined) return allLost(request);
    const counters = new CounterChanges();
    const states = request.finished.map((run) => finishRun(connection, session, run, now, counters));
    if (request.finished.length > 0) failpoint('finish.before_commit');
    const { disowned, cancels } = compareRunning(connection, session, request.running, now, counters);
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
      stopRequested: beat['stop_requested_at'] !== null,
    };
  });
}

/** No row: others gave this session up. It must change nothing and get nothing. */
const BEAT = 'UPDATE workers SET heartbeat = ? WHERE session_id = ? RETURNING stop_requested_at';

function allLost(request: ExchangeRequest): Exchange {
  return {
    claims: [],
    lost: [...request.finished, ...request.running].map(toKey),
    cancelled: [],
    cancels: [],
    stopRequested: false,
  };
}

function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}

/**
 * Finds the runs that the session believes in and the store does not, and those that a person wants to end. What the
 * store holds beyond the session's own list is a claim whose answer never arrived: it goes back and counts nothing.
 */
function compareRunning(
  connection: Connection,
  session: Session,
  running: readonly RunKey[],
  now: number,
  counters: CounterChanges,
): { disowned: RunKey[]; cancels: CancelledRun[] } {
  const owned = connection
    .sql(`SELECT seq, run, crashes, cancel FROM jobs WHERE session_id = ? AND state = 'processing'`)
    .all(session.id);
  const known = new Set(running.map(({ seq, run }) => `${seq}.${run}`));
  const stored = new Set<string>();
  const cancels: CancelledRun[] = [];
  for (const row of owned) {
    const key = `${Number(row['seq'])}.${Number(row['run'])}`;
    stored.add(key);
    if (known.has(key)) {
      cancels.push(...toCancelledRuns(row));
      continue;
    }
    finishRun(connection, session, neverStarted(row), now, counters);
    failpoint('give_back.before_commit');
  }
  return { disowned: running.filter(({ seq, run }) => !stored.has(`${seq}.${run}`)), cancels };
}

function neverStarted(row: Row): FinishedRun {
  return {
    seq: Number(row['seq']),
    run: Number(row['run']),
    transition: { to: 'pending', crashes: Number(row['crashes']), delayMs: 0 },
    outcome: 'given_back',
    exitCode: null,
    signal: null,
    reason: 'never started',
    outputBytes: 0,
    output: null,
  };
}

export async function outlook(connection: Connection, session: Session): Promise<Outlook> {
  return connection.read(() => {
    const own = connection.sql('SELECT stop_requested_at FROM workers WHERE session_id = ?').get(session.id);
    const dueMs = nextDueMs(connection);
    return {
      ready: dueMs === 0 || readyQueues(connection, session).length > 0,
      nextDueMs: dueMs,
      cancels: cancelsOf(connection, session),
      stopRequested: own !== undefined && own['stop_requested_at'] !== null,
      sessionLives: own !== undefined,
    };
  });
}
