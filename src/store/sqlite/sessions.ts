/** Sessions: one row for each start of a worker process, and the lock that says whether it lives. */
import { failpoint } from '../../failpoint.js';
import type { ProcessingJob } from '../../job/job.js';
import type { SessionLock } from '../liveness.js';
import type { DeadSession, FinishedRun, HowToStop, Session, SessionKind, SessionOwner } from '../store.js';
import type { Connection } from './connection.js';
import type { CounterChanges } from './counters.js';
import type { Row } from './driver.js';
import { Endings } from './endings.js';
import { finishRun } from './finish.js';
import { readOwned } from './owned.js';
import type { OwnedRun } from './owned.js';
import { toProcessingJob } from '../rows/rows.js';
import { takeName } from './session-names.js';
import { toSession } from './session-rows.js';
import type { SessionRow } from './session-rows.js';
import { lockOf, probeSessionLock } from './session-lock.js';

const INSERT = `
  INSERT INTO workers (kind, host, boot_id, pid, pid_start_time, lock_name, lock_inode, launcher_lock_name,
    launcher_lock_inode, slots, queues, handlers, name, started_at, heartbeat)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING *`;

/** The locks are held before the row exists, so that nobody ever sees a living session without them. */
export async function insertSession(
  connection: Connection,
  owner: SessionOwner,
  lock: SessionLock,
  isLiving: (row: SessionRow) => boolean,
): Promise<Session> {
  const queues = owner.queues === null ? null : JSON.stringify(owner.queues);
  const handlers = JSON.stringify(owner.handlers);
  const launcherLock = owner.launcherLock === null ? null : lockOf(owner.launcherLock);
  return connection.write(() => {
    const now = Date.now();
    const { kind, host, bootId, pid, pidStartTime, slots } = owner;
    const process = [kind, host, bootId, pid, pidStartTime] as const;
    const name = kind === 'worker' ? takeName(connection, owner.name, isLiving) : null;
    const launcher = launcherLock === null ? [null, null] : [launcherLock.name, launcherLock.inode];
    const row = connection
      .sql(INSERT)
      .get(...process, lock.name, lock.inode, ...launcher, slots, queues, handlers, name, now, now);
    if (row === undefined) throw new Error('the session was not inserted');
    return toSession(row);
  });
}

/**
 * Records the runs that were lost with the session, gives back whatever else it owned (or lets it die with
 * its foreground run), and removes it. Returns the names of its locks; none where its row was gone already; null, and
 * nothing was changed, where its number is another's. Fenced run by run: where somebody else has done it, nothing changes.
 */
export async function removeSession(
  connection: Connection,
  session: Session,
  lostRuns: readonly FinishedRun[],
): Promise<string[] | null> {
  const lockNames = await connection.write(() => {
    const row = connection.sql('SELECT lock_name FROM workers WHERE session_id = ?').get(session.id);
    if (row !== undefined && row['lock_name'] !== session.token) return null;
    const now = Date.now();
    const endings = new Endings(session.id, now);
    const { counters } = endings;
    const owned = readOwned(connection, session);
    for (const run of lostRuns) finishRun(session, owned, run, now, endings);
    for (const run of owned.values()) finishRun(session, owned, abandoned(run, session.kind), now, endings);
    endings.write(connection);
    killKeptJobs(connection, session, now, counters);
    counters.write(connection);
    const removed = connection
      .sql('DELETE FROM workers WHERE session_id = ? RETURNING lock_name, launcher_lock_name')
      .get(session.id);
    failpoint('close.before_commit');
    return lockNamesOf(removed);
  });
  failpoint('close.after_commit');
  return lockNames;
}

function lockNamesOf(row: Row | undefined): string[] {
  return [row?.['lock_name'], row?.['launcher_lock_name']].filter((name) => typeof name === 'string');
}

function abandoned({ seq, run, attempts, crashes }: OwnedRun, kind: SessionKind): FinishedRun {
  const transition =
    kind === 'run'
      ? ({ to: 'dead', attempts, crashes, reason: LOST } as const)
      : ({ to: 'pending', crashes, delayMs: 0 } as const);
  const outcome = kind === 'run' ? 'lost' : 'given_back';
  return {
    seq,
    run,
    transition,
    outcome,
    exitCode: null,
    signal: null,
    reason: LOST,
    outputBytes: 0,
    output: null,
  };
}

const LOST = 'lost: its process ended';

/** A failed job that waited for a retry by its own foreground run has nobody left to run it. */
function killKeptJobs(connection: Connection, session: Session, now: number, counters: CounterChanges): void {
  const killed = connection
    .sql(
      `UPDATE jobs SET state = 'dead', session_id = NULL, updated_at = ?, reason = ?
          WHERE session_id = ? AND state = 'failed' RETURNING queue`,
    )
    .all(now, LOST, session.id);
  for (const row of killed) counters.move(String(row['queue']), 'failed', 'dead');
}

const OWNED = `SELECT * FROM jobs WHERE session_id = ? AND state = 'processing'`;

export async function listOwned(connection: Connection, session: Session): Promise<ProcessingJob[]> {
  return (await connection.rows(OWNED, session.id)).map(toProcessingJob);
}

export async function listSessions(connection: Connection, kind?: SessionKind): Promise<Session[]> {
  const rows = await connection.rows('SELECT * FROM workers ORDER BY session_id');
  return rows.map(toSession).filter((session) => kind === undefined || session.kind === kind);
}

export async function listLockNames(connection: Connection): Promise<Set<string>> {
  const rows = await connection.rows('SELECT lock_name, launcher_lock_name FROM workers');
  return new Set(rows.flatMap(lockNamesOf));
}

/** In the order of their claim; a sort of no more rows than the session owns. */
const OWNED_IDS = `
  SELECT coalesce(id, seq) AS id FROM jobs WHERE session_id = ? AND state = 'processing'
  ORDER BY started_at, seq LIMIT ?`;

export async function listOwnedIds(
  connection: Connection,
  session: Session,
  limit: number,
): Promise<string[]> {
  return (await connection.rows(OWNED_IDS, session.id, limit)).map((row) => String(row['id']));
}

/** Asks the kernel about each session's locks. Another boot id cannot be alive, but its locks must say so too. */
export async function listDeadSessions(
  connection: Connection,
  locksDir: string,
  bootId: string,
  isOwn: (sessionId: number) => boolean,
): Promise<DeadSession[]> {
  const rows = (await connection.rows('SELECT * FROM workers')) as unknown as SessionRow[];
  const dead = rows
    // This process is alive, and to ask about its own locks every second would be most of what an idle worker does.
    .filter((row) => !isOwn(row.session_id))
    .filter((row) => !holdsLock(locksDir, row))
    .map((row) => ({
      session: toSession({ ...row }),
      cause: row.boot_id === bootId ? ('crash' as const) : ('reboot' as const),
      isEnding: !isFree(locksDir, row.launcher_lock_name, row.launcher_lock_inode),
      beatMs: null,
    }));
  return [...dead, ...(await listVanishedSessions(connection))];
}

/** Its process lives, as far as its lock can tell. */
export function holdsLock(locksDir: string, row: SessionRow): boolean {
  return !isFree(locksDir, row.lock_name, row.lock_inode);
}

/** Without a lock there is nobody to hold it. */
function isFree(locksDir: string, name: string | null, inode: string | null): boolean {
  return name === null || probeSessionLock(locksDir, name, inode ?? '') === 'free';
}

/**
 * Sessions that own jobs but have no row: somebody removed it. Whether their process lives is unknown; if it
 * does, it finds itself given up and ends what it runs.
 */
async function listVanishedSessions(connection: Connection): Promise<DeadSession[]> {
  const rows = await connection.rows(`
    SELECT DISTINCT session_id FROM jobs
    WHERE session_id IS NOT NULL AND session_id NOT IN (SELECT session_id FROM workers)`);
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

export async function requestStop(
  connection: Connection,
  how: HowToStop,
  sessionIds?: readonly number[],
): Promise<number> {
  const which = sessionIds === undefined ? '' : 'AND session_id IN (SELECT value FROM json_each(?))';
  const values = sessionIds === undefined ? [] : [JSON.stringify(sessionIds)];
  const asked = await connection.write(() => {
    const { changes } = connection
      .sql(
        `UPDATE workers SET stop_requested_at = coalesce(stop_requested_at, ?), stop_now = max(stop_now, ?)
         WHERE kind = 'worker' ${which}`,
      )
      .run(Date.now(), how === 'now' ? 1 : 0, ...values);
    failpoint('stop.before_commit');
    return changes;
  });
  failpoint('stop.after_commit');
  return asked;
}
