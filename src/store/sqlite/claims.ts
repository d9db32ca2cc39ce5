/** The heart: what a session reports and what it gets, in one transaction. */
import { failpoint } from '../../failpoint.js';
import type { NewJob, ProcessingJob } from '../../job/job.js';
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
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import type { Row } from './driver.js';
import { finishRun } from './finish.js';
import { duplicateId } from './jobs.js';
import { NEW_JOB_COLUMNS, newJobValues, toProcessingJob } from './rows.js';

/** So that a million jobs that fall due at once do not hold the write lock for long. */
const PROMOTE_AT_MOST = 1000;

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

/**
 * Waits for its time, and for no foreground run that keeps it. SQLite does not see that a state is one of two,
 * so the condition of the index stands here again.
 */
const waits = (state: 'scheduled' | 'failed'): string =>
  `FROM jobs WHERE state = '${state}' AND state IN ('scheduled', 'failed') AND session_id IS NULL`;

/** What is due, oldest first. No row: nothing is due. Under the write lock, so nobody else promotes it too. */
export const DUE = `
  SELECT seq, queue, state, run_at ${waits('scheduled')} AND run_at <= ?1
  UNION ALL
  SELECT seq, queue, state, run_at ${waits('failed')} AND run_at <= ?1
  ORDER BY run_at LIMIT ${PROMOTE_AT_MOST}`;

function promoteDue(connection: Connection, now: number, counters: CounterChanges): void {
  const promote = connection.sql(`UPDATE jobs SET state = 'pending', updated_at = ? WHERE seq = ?`);
  for (const row of connection.sql(DUE).all(now)) {
    promote.run(now, Number(row['seq']));
    counters.move(String(row['queue']), row['state'] as 'scheduled' | 'failed', 'pending');
  }
}

/**
 * The queues that have ready jobs and are not paused: one probe of the claim index for each queue with ready
 * jobs, none for the others.
 */
export const READY_QUEUES = `
  WITH RECURSIVE ready (queue) AS (
    SELECT min(queue) FROM jobs WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT min(queue) FROM jobs WHERE state = 'pending' AND queue > ready.queue) FROM ready WHERE queue IS NOT NULL
  )
  SELECT queue FROM ready
  WHERE queue IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queues WHERE name = queue AND paused_at IS NOT NULL)`;

/** One queue's next jobs, straight from the claim index: no sort, at most `free` rows. */
export const NEXT_OF_QUEUE = `
  SELECT seq, priority, run_at FROM jobs WHERE queue = ? AND state = 'pending'
  ORDER BY priority DESC, run_at, seq LIMIT ?`;

/** RETURNING promises no order, so the rows are taken one by one in the order of the claim. */
const CLAIM = `
  UPDATE jobs SET state = 'processing', run = run + 1, session_id = ?, started_at = ?, updated_at = ?
  WHERE seq = ? AND state = 'pending'
  RETURNING *`;

function claimJobs(
  connection: Connection,
  session: Session,
  free: number,
  now: number,
  counters: CounterChanges,
): ProcessingJob[] {
  const next = readyQueues(connection, session)
    .flatMap((queue) => connection.sql(NEXT_OF_QUEUE).all(queue, free) as unknown as NextRow[])
    .toSorted((a, b) => b.priority - a.priority || a.run_at - b.run_at || a.seq - b.seq)
    .slice(0, free);
  return next.flatMap(({ seq }) => {
    const row = connection.sql(CLAIM).get(session.id, now, now, seq);
    if (row === undefined) return [];
    counters.move(String(row['queue']), 'pending', 'processing');
    return [toProcessingJob(row)];
  });
}

interface NextRow {
  readonly seq: number;
  readonly priority: number;
  readonly run_at: number;
}

function readyQueues(connection: Connection, session: Session): string[] {
  const ready = connection
    .sql(READY_QUEUES)
    .all()
    .map((row) => String(row['queue']));
  return session.queues === null ? ready : ready.filter((queue) => session.queues?.includes(queue));
}

export const NEXT_DUE = `
  SELECT min(due) AS due FROM
    (SELECT min(run_at) AS due ${waits('scheduled')} UNION ALL SELECT min(run_at) ${waits('failed')})`;

export async function outlook(connection: Connection, session: Session): Promise<Outlook> {
  return connection.read(() => {
    const own = connection.sql('SELECT stop_requested_at FROM workers WHERE session_id = ?').get(session.id);
    const due = connection.sql(NEXT_DUE).get()?.['due'];
    const nextDueMs = typeof due === 'number' ? Math.max(0, due - Date.now()) : null;
    return {
      ready: nextDueMs === 0 || readyQueues(connection, session).length > 0,
      nextDueMs,
      cancels: cancelsOf(connection, session),
      stopRequested: own !== undefined && own['stop_requested_at'] !== null,
      sessionLives: own !== undefined,
    };
  });
}

/** Never pending for a moment, so that no worker can take it. */
const INSERT_RUNNING = `
  INSERT INTO jobs (${NEW_JOB_COLUMNS}, state, run_at, created_at, updated_at, run, session_id, started_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, 'processing', ?, ?, ?, 1, ?, ?)
  ON CONFLICT DO NOTHING
  RETURNING *`;

export async function insertRunning(
  connection: Connection,
  session: Session,
  job: NewJob,
): Promise<ProcessingJob> {
  return connection.write(() => {
    const now = Date.now();
    const row = connection.sql(INSERT_RUNNING).get(...newJobValues(job), now, now, now, session.id, now);
    if (row === undefined) throw duplicateId(job.id ?? '');
    const counters = new CounterChanges();
    counters.add(job.queue, 'processing', 1);
    counters.write(connection);
    return toProcessingJob(row);
  });
}

/** Fenced by the session that kept the failed job for itself. No row: it is no longer its own. */
const RERUN = `
  UPDATE jobs SET state = 'processing', run = run + 1, started_at = ?, updated_at = ?
  WHERE seq = ? AND session_id = ? AND state = 'failed'
  RETURNING *`;

export async function rerun(
  connection: Connection,
  session: Session,
  seq: number,
): Promise<ProcessingJob | null> {
  return connection.write(() => {
    const now = Date.now();
    const row = connection.sql(RERUN).get(now, now, seq, session.id);
    if (row === undefined) return null;
    const counters = new CounterChanges();
    counters.move(String(row['queue']), 'failed', 'processing');
    counters.write(connection);
    return toProcessingJob(row);
  });
}
