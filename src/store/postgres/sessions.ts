/** Sessions: one row for each start of a worker process, and what says whether it lives. */
import { failpoint } from '../../failpoint.js';
import type { ProcessingJob } from '../../job/job.js';
import type { LockIdentity, SessionLock } from '../liveness.js';
import type { Row } from '../rows/row.js';
import { toProcessingJob } from '../rows/rows.js';
import type { DeadSession, FinishedRun, HowToStop, Session, SessionKind, SessionOwner } from '../store.js';
import { plainArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { addToCounters, STRIPES } from './counters.js';
import { ENDS_COUNTED, OWNED_JOBS, recorded } from './endings.js';
import type { Unreported } from './endings.js';
import { FINISHED_COLUMNS, finishedColumns, finishedRows } from './finish.js';
import { CLOCK, NOW_MS } from './now.js';
import { takeName } from './session-names.js';
import type { SessionProbe } from './session-probe.js';
import { SESSION_COLUMNS, toSession } from './session-rows.js';
import type { SessionRow } from './session-rows.js';

const INSERT = `
  INSERT INTO queuectl.workers (kind, host, boot_id, pid, pid_start_time, home_id, lock_name, lock_inode, launcher_lock_name,
    launcher_lock_inode, slots, queues, handlers, lease_ms, name, started_at, heartbeat)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, ${NOW_MS}, ${NOW_MS})
  RETURNING ${SESSION_COLUMNS}`;

/** Whose locks a session's are, and how long it may be silent before others, elsewhere, take its jobs. */
export interface SessionPlace {
  readonly homeId: string;
  readonly leaseMs: number;
}

/** The locks are held before the row exists, so that nobody ever sees a living session without them. */
export async function insertSession(
  connection: Connection,
  owner: SessionOwner,
  place: SessionPlace,
  lock: SessionLock,
  launcherLock: LockIdentity | null,
  isLiving: (row: SessionRow) => boolean,
): Promise<Session> {
  const { kind, host, bootId, pid, pidStartTime, slots, queues, handlers } = owner;
  const process = [kind, host, bootId, pid, pidStartTime];
  const launcher = [launcherLock?.name ?? null, launcherLock?.inode ?? null];
  const serves = [queues === null ? null : JSON.stringify(queues), JSON.stringify(handlers)];
  const values = [
    ...process,
    place.homeId,
    lock.name,
    lock.inode,
    ...launcher,
    slots,
    ...serves,
    place.leaseMs,
  ];
  return connection.write(async (transaction) => {
    const name = kind === 'worker' ? await takeName(transaction, owner.name, isLiving) : null;
    const [row] = await transaction.rows(INSERT, ...values, name);
    if (row === undefined) throw new Error('the session was not inserted');
    return toSession(row);
  });
}

const LOST = 'lost: its process ended';

const ABANDONED: Readonly<Record<SessionKind, Unreported>> = {
  worker: { state: 'pending', outcome: 'given_back', reason: LOST },
  run: { state: 'dead', outcome: 'lost', reason: LOST },
};

/** As in an exchange, of a session that is over: nothing runs on. */
const END_RUNS = (kind: SessionKind): string => `
  WITH ${CLOCK},
  own AS (SELECT $1::bigint AS session_id),
  finished AS MATERIALIZED (${finishedRows(2)}),
  running AS (SELECT NULL::bigint AS seq, NULL::integer AS run WHERE false),
  ${OWNED_JOBS},
  ${recorded(ABANDONED[kind], 'false')},
  counted AS (${addToCounters(ENDS_COUNTED, `$${2 + FINISHED_COLUMNS}::integer`)})
  SELECT count(*) AS n FROM ended`;

/** A failed job that waited for a retry by its own foreground run has nobody left to run it. */
const KILL_KEPT = `
  WITH ${CLOCK},
  killed AS (
    UPDATE queuectl.jobs SET state = 'dead', session_id = NULL, updated_at = now, reason = '${LOST}'
    FROM clock WHERE session_id = $1 AND state = 'failed'
    RETURNING queue
  )
  ${addToCounters(
    `SELECT queue, 'failed' AS state, -1 AS n FROM killed UNION ALL SELECT queue, 'dead', 1 FROM killed`,
    '$2::integer',
  )}`;

/** A beat that is under way is waited for, and then looked at; one that comes later finds the session gone. */
const TAKE = `
  SELECT lock_name, heartbeat FROM queuectl.workers WHERE session_id = $1 FOR UPDATE`;

/**
 * Records the runs that were lost with the session, gives back whatever else it owned (or lets it die with
 * its foreground run), and removes it. Returns the names of its locks; none where its row was gone already; null, and
 * nothing was changed, where it has sent another beat than `beatMs`, or its number is another's.
 * Its row is taken first, as by an exchange: what comes later finds it gone. Fenced run by run: where somebody else
 * has done it, nothing changes.
 */
export async function removeSession(
  connection: Connection,
  session: Session,
  lostRuns: readonly FinishedRun[],
  beatMs: number | null = null,
): Promise<string[] | null> {
  const lockNames = await connection.write(async (transaction) => {
    const [row] = await transaction.rows(TAKE, session.id);
    const isAnother = row !== undefined && row['lock_name'] !== session.token;
    const hasBeaten = beatMs !== null && row?.['heartbeat'] !== beatMs;
    return isAnother || hasBeaten ? null : endSession(transaction, session, lostRuns);
  });
  failpoint('close.after_commit');
  return lockNames;
}

async function endSession(
  transaction: Transaction,
  session: Session,
  lostRuns: readonly FinishedRun[],
): Promise<string[]> {
  const stripe = session.id % STRIPES;
  await transaction.rows(END_RUNS(session.kind), session.id, ...finishedColumns(lostRuns), stripe);
  await transaction.rows(KILL_KEPT, session.id, stripe);
  const [removed] = await transaction.rows(
    'DELETE FROM queuectl.workers WHERE session_id = $1 RETURNING lock_name, launcher_lock_name',
    session.id,
  );
  failpoint('close.before_commit');
  return lockNamesOf(removed);
}

function lockNamesOf(row: Row | undefined): string[] {
  return [row?.['lock_name'], row?.['launcher_lock_name']].filter((name) => typeof name === 'string');
}

const OWNED = `SELECT * FROM queuectl.jobs WHERE session_id = $1 AND state = 'processing'`;

export async function listOwned(connection: Connection, session: Session): Promise<ProcessingJob[]> {
  return (await connection.rows(OWNED, session.id)).map(toProcessingJob);
}

const SESSIONS = `SELECT ${SESSION_COLUMNS} FROM queuectl.workers`;

export async function listSessions(connection: Connection, kind?: SessionKind): Promise<Session[]> {
  const rows = await connection.rows(`${SESSIONS} ORDER BY session_id`);
  return rows.map(toSession).filter((session) => kind === undefined || session.kind === kind);
}

/** Of the sessions of this home. */
export async function listLockNames(connection: Connection, homeId: string): Promise<Set<string>> {
  const rows = await connection.rows(
    'SELECT lock_name, launcher_lock_name FROM queuectl.workers WHERE home_id = $1',
    homeId,
  );
  return new Set(rows.flatMap(lockNamesOf));
}

/** In the order of their claim; a sort of no more rows than the session owns. */
const OWNED_IDS = `
  SELECT coalesce(id, seq::text) AS id FROM queuectl.jobs WHERE session_id = $1 AND state = 'processing'
  ORDER BY started_at, seq LIMIT $2`;

export async function listOwnedIds(
  connection: Connection,
  session: Session,
  limit: number,
): Promise<string[]> {
  return (await connection.rows(OWNED_IDS, session.id, limit)).map((row) => String(row['id']));
}

/** Those whose locks are free, as far as that can be known here, and those that were silent for a lease. */
export async function listDeadSessions(
  connection: Connection,
  probe: SessionProbe,
  bootId: string,
): Promise<DeadSession[]> {
  const rows = (await connection.rows(SESSIONS)) as unknown as SessionRow[];
  const dead = rows.flatMap((row) => toDeadSession(row, probe, bootId) ?? []);
  return [...dead, ...(await listVanishedSessions(connection))];
}

function toDeadSession(row: SessionRow, probe: SessionProbe, bootId: string): DeadSession | null {
  const session = toSession({ ...row });
  if (probe.isDead(row)) {
    const cause = row.boot_id === bootId ? 'crash' : 'reboot';
    return { session, cause, isEnding: probe.isEnding(row), beatMs: null };
  }
  // Its launcher ended what ran, or was to: elsewhere nobody can ask it, and here its notes are looked at.
  return probe.isSilent(row) ? { session, cause: 'lease', isEnding: false, beatMs: row.heartbeat } : null;
}

const VANISHED = `
  SELECT DISTINCT session_id FROM queuectl.jobs j
  WHERE session_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queuectl.workers w WHERE w.session_id = j.session_id)`;

/**
 * Sessions that own jobs but have no row: somebody removed it. Whether their process lives is unknown; if it
 * does, it finds itself given up and ends what it runs.
 */
async function listVanishedSessions(connection: Connection): Promise<DeadSession[]> {
  const rows = await connection.rows(VANISHED);
  return rows.map((row) => ({
    session: { ...UNKNOWN_OWNER, id: Number(row['session_id']) },
    cause: 'vanished',
    isEnding: false,
    beatMs: null,
  }));
}

const UNKNOWN_OWNER: Omit<Session, 'id'> = {
  token: '',
  kind: 'worker',
  name: null,
  host: '',
  bootId: '',
  pid: 0,
  pidStartTime: '',
  slots: 0,
  queues: null,
  handlers: [],
  startedAtMs: 0,
  lastBeatAtMs: null,
  isSilent: false,
  isLate: false,
  stopRequested: null,
};

const REQUEST_STOP = `
  UPDATE queuectl.workers SET stop_requested_at = coalesce(stop_requested_at, ${NOW_MS}), stop_now = stop_now OR $2::boolean
  WHERE kind = 'worker' AND ($1::bigint[] IS NULL OR session_id = ANY ($1::bigint[]))
  RETURNING session_id`;

export async function requestStop(
  connection: Connection,
  how: HowToStop,
  sessionIds?: readonly number[],
): Promise<number> {
  failpoint('stop.before_commit');
  const ids = sessionIds === undefined ? null : plainArray(sessionIds);
  const asked = await connection.change(REQUEST_STOP, ids, String(how === 'now'));
  failpoint('stop.after_commit');
  return asked.length;
}
