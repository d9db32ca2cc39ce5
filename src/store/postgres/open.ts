/** Opens the PostgreSQL store of a database, and makes what is missing. What stays on this machine lies in the home. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { bootMs } from '../../boot-clock.js';
import { failpoint } from '../../failpoint.js';
import { ensureHome, makeDirectory } from '../../home.js';
import type { Ring } from '../bell.js';
import { LEASE_MS, leaseTimes } from '../lease.js';
import type { SessionLock, SessionLocks } from '../liveness.js';
import type { OpenOptions, Store } from '../store.js';
import { insertRunning, rerun } from './attached.js';
import { forgetActs } from './acts.js';
import { Beats } from './beats.js';
import { changeJobs } from './change.js';
import { beginChanges, changes, findJobs, runsAfter } from './changes.js';
import { damages, mendCounters, newestTimeMs, wrongCounters } from './check.js';
import { exchange, outlook } from './claims.js';
import { ClientInserter } from './client-inserter.js';
import { Connection } from './connection.js';
import { counts, isDrained } from './counters.js';
import { Doubts } from './doubts.js';
import { listEnded } from './ended-jobs.js';
import { examineServer } from './examine-server.js';
import type { ServerState } from './examine-server.js';
import { groupJobs } from './groups.js';
import { homeId } from './home-id.js';
import { insertJobs } from './insert.js';
import { getJob } from './jobs.js';
import { listJobs } from './list.js';
import { MoveTarget } from './move-target.js';
import { createLogs } from './logs.js';
import { createNotifications } from './notifications.js';
import { beginPruneRound, countPrunable, pruneJobs } from './prune.js';
import { listQueues, pauseQueues, pauses, resumeQueues } from './queues.js';
import { forgetPruned, listPruned } from './remove.js';
import { changeMark, countAhead, readyLanes } from './ready-lanes.js';
import { areProcessing, latestRuns, listRuns } from './runs.js';
import { prepareSchema } from './schema.js';
import { countJobs, selectSeqs } from './select.js';
import {
  insertSession,
  listDeadSessions,
  listLockNames,
  listOwned,
  listOwnedIds,
  listSessions,
  removeSession,
  requestStop,
} from './sessions.js';
import { createSessionProbe } from './session-probe.js';
import { isSilent } from './session-rows.js';
import type { SessionRow } from './session-rows.js';
import { unservedLanes } from './unserved.js';
import { createUpkeep } from './upkeep.js';

/** What runs in the foreground is often over before a thread has started. */
const FIRST_BEAT_OF_RUN_MS = 1000;
const ASK_WITHIN_MS = 10_000;
/** Throws `not_permitted` or `unavailable`, and says what to do, where the database or the home cannot be used. */
export async function openStore(
  url: string,
  home: string,
  locks: SessionLocks,
  options: OpenOptions,
): Promise<Store> {
  ensureHome(home);
  const connection = await Connection.open(url, options.lockTimeoutMs);
  try {
    const beats = new Beats({ url, leaseMs: options.leaseMs ?? LEASE_MS });
    return createStore(connection, home, await prepareSchema(connection), locks, beats);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Whether the queue in the file of that id has moved to this database. Waits for a move that goes on. */
export async function hasArrived(url: string, sqliteId: string): Promise<boolean> {
  const target = await MoveTarget.open(url, ASK_WITHIN_MS);
  try {
    return await target.hasArrived(sqliteId);
  } finally {
    await target.close();
  }
}

/** What `doctor` asks: the store and its driver are one file of what is shipped. */
export async function examine(url: string, lockTimeoutMs: number): Promise<ServerState> {
  return examineServer(url, lockTimeoutMs);
}

/** Opens a database for a queue that is to move there. */
export async function openMoveTarget(url: string, lockTimeoutMs: number): Promise<MoveTarget> {
  return MoveTarget.open(url, lockTimeoutMs);
}

function createStore(
  connection: Connection,
  home: string,
  databaseId: string,
  locks: SessionLocks,
  beats: Beats,
): Store {
  // One home used with two databases mixes nothing: what stays on this machine lies under the id of its database.
  const directory = join(home, databaseId);
  const [logsDir, runDir] = [join(directory, 'logs'), join(directory, 'run')];
  const bell = createNotifications(connection);
  const held = new Map<number, SessionLock>();
  const upkeep = createUpkeep(connection);
  const doubts = new Doubts();
  const inserter = new ClientInserter(connection, databaseId);
  let isClosed = false;
  const probe = createSessionProbe({
    locks,
    locksDir: runDir,
    homeId: () => homeId(home),
    host: hostname(),
    isOwn: (id) => held.has(id),
    beats,
  });
  const isLiving = (row: SessionRow): boolean => !probe.isDead(row) && !isSilent(row);

  const letGo = (id: number): void => {
    beats.end(id);
    held.get(id)?.release();
    held.delete(id);
  };

  /** Rings after the commit of a change that another process may be waiting for. */
  const ringing = async <T>(change: Promise<T>, about: Ring = 'change'): Promise<T> => {
    const result = await change;
    bell.ring(about);
    await bell.settle();
    return result;
  };

  return {
    home,
    database: connection.name,
    logsDir,
    runDir,
    workersDir: join(directory, 'workers'),
    bell,
    logs: createLogs(connection),
    insertJobs: (jobs, onConflict, client) =>
      client === undefined
        ? ringing(insertJobs(connection, jobs, onConflict), 'jobs')
        : inserter.insert(client, jobs, onConflict),
    getJob: (id) => getJob(connection, id),
    listJobs: (request) => listJobs(connection, request),
    countJobs: (selection) => countJobs(connection, selection),
    groupJobs: (selection, by, limit) => groupJobs(connection, selection, by, limit),
    selectSeqs: (selection, afterSeq, limit) => selectSeqs(connection, selection, afterSeq, limit),
    counts: (queues) => counts(connection, queues),
    isDrained: (queues) => isDrained(connection, queues),
    listQueues: () => listQueues(connection),
    pauses: () => pauses(connection),
    pauseQueues: (names) => ringing(pauseQueues(connection, names)),
    resumeQueues: (names) => ringing(resumeQueues(connection, names)),
    listEnded: (state, sinceMs, after, limit) => listEnded(connection, state, sinceMs, after, limit),
    beginChanges: (sinceMs) => beginChanges(connection, sinceMs),
    changes: (cursor) => changes(connection, cursor),
    findJobs: (seqs) => findJobs(connection, seqs),
    runsAfter: (runs) => runsAfter(connection, runs),
    forgetActs: (beforeMs, limit) => forgetActs(connection, beforeMs, limit),
    readyLanes: () => readyLanes(connection),
    countAhead: (job, most) => countAhead(connection, job, most),
    changeMark: () => changeMark(connection),
    damages,
    wrongCounters: () => wrongCounters(connection),
    mendCounters: () => mendCounters(connection),
    newestTimeMs: () => newestTimeMs(connection),
    // Its write-ahead log is the server's affair.
    logBytes: async () => 0,
    pruneJobs: (selection, limit) => pruneJobs(connection, selection, limit),
    countPrunable: (selection) => countPrunable(connection, selection),
    listPruned: () => listPruned(connection),
    forgetPruned: (note) => forgetPruned(connection, note),
    beginPruneRound: () => beginPruneRound(connection),
    boundLog: () => upkeep.round(),
    changeJobs: (targets, change) => ringing(changeJobs(connection, targets, change)),
    listRuns: (seq) => listRuns(connection, seq),
    latestRuns: (seqs) => latestRuns(connection, seqs),
    exchange: async (session, request) => {
      const { answer, leavesWork } = await exchange(connection, session, request, doubts);
      // Whoever follows a job wants to know of its end, and workers of what is to run again; the session itself goes on.
      if (leavesWork) bell.ring();
      else if (request.finished.length > 0) bell.ring('ends');
      return answer;
    },
    outlook: (session) => outlook(connection, session),
    areProcessing: (runs) => areProcessing(connection, runs),
    insertRunning: (session, job) => insertRunning(connection, session, job),
    rerun: (session, seq) => rerun(connection, session, seq),
    newLockFile: () => {
      makeDirectory(runDir);
      return locks.newLockFile(runDir);
    },
    openSession: async (owner) => {
      makeDirectory(runDir);
      const lock = locks.takeSessionLock(runDir);
      failpoint('session.after_lock');
      try {
        const place = { homeId: homeId(home), leaseMs: beats.leaseMs };
        const askedAtMs = bootMs();
        const launcherLock = owner.launcherLock === null ? null : locks.lockOf(owner.launcherLock);
        const session = await insertSession(connection, owner, place, lock, launcherLock, isLiving);
        failpoint('session.after_commit');
        held.set(session.id, lock);
        const afterMs = Math.min(FIRST_BEAT_OF_RUN_MS, leaseTimes(beats.leaseMs).beatEveryMs);
        beats.begin(session, askedAtMs, owner.kind === 'run' ? afterMs : 0);
        return session;
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    closeSession: async (session) => {
      await ringing(removeSession(connection, session, []));
      letGo(session.id);
    },
    rescueSession: async (session, lostRuns, beatMs = null) => {
      const lockNames = await ringing(removeSession(connection, session, lostRuns, beatMs));
      // Of a silent session they may be held still, and be used again.
      if (beatMs === null) for (const name of lockNames ?? []) locks.removeLockFile(join(runDir, name));
      return lockNames !== null;
    },
    leaseOf: ({ id }) => beats.leaseOf(id),
    // Without its file nobody takes it for a crash: its jobs were ended in good order.
    leaveSession: ({ id }) => letGo(id),
    listSessions: (kind) => listSessions(connection, kind),
    listDeadSessions: (bootId) => listDeadSessions(connection, probe, bootId),
    sweepLocks: async () => locks.removeLeftLocks(runDir, await listLockNames(connection, homeId(home))),
    listOwned: (session) => listOwned(connection, session),
    listOwnedIds: (session, limit) => listOwnedIds(connection, session, limit),
    requestStop: (how, sessionIds) => ringing(requestStop(connection, how, sessionIds)),
    unservedLanes: (lanes) => unservedLanes(connection, lanes, isLiving),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      for (const lock of held.values()) lock.free();
      held.clear();
      await beats.close();
      await bell.close();
      await connection.close();
    },
  };
}
