/** Opens the PostgreSQL store of a database, and makes what is missing. What stays on this machine lies in the home. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { failpoint } from '../../failpoint.js';
import { ensureHome, makeDirectory } from '../../home.js';
import type { SessionLock, SessionLocks } from '../liveness.js';
import type { OpenOptions, Store } from '../store.js';
import { insertRunning, rerun } from './attached.js';
import { forgetActs } from './acts.js';
import { changeJobs } from './change.js';
import { beginChanges, changes, findJobs, runsAfter } from './changes.js';
import { damages, mendCounters, newestTimeMs, wrongCounters } from './check.js';
import { exchange, outlook } from './claims.js';
import { Connection } from './connection.js';
import { counts, isDrained } from './counters.js';
import { Doubts } from './doubts.js';
import { listEnded } from './ended-jobs.js';
import { groupJobs } from './groups.js';
import { homeId } from './home-id.js';
import { insertJobs } from './insert.js';
import { getJob } from './jobs.js';
import { listJobs } from './list.js';
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
import type { SessionRow } from './session-rows.js';
import { unservedLanes } from './unserved.js';
import { createUpkeep } from './upkeep.js';

const LEASE_MS = 30_000;

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
    return createStore(connection, home, await prepareSchema(connection), locks);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function createStore(connection: Connection, home: string, databaseId: string, locks: SessionLocks): Store {
  // One home used with two databases mixes nothing: what stays on this machine lies under the id of its database.
  const directory = join(home, databaseId);
  const [logsDir, runDir] = [join(directory, 'logs'), join(directory, 'run')];
  const bell = createNotifications(connection);
  const held = new Map<number, SessionLock>();
  const upkeep = createUpkeep(connection);
  const doubts = new Doubts();
  let isClosed = false;
  const probe = createSessionProbe({
    locks,
    locksDir: runDir,
    homeId: () => homeId(home),
    host: hostname(),
    isOwn: (id) => held.has(id),
  });
  const isLiving = (row: SessionRow): boolean => !probe.isDead(row);

  /** Rings after the commit of a change that another process may be waiting for. */
  const ringing = async <T>(change: Promise<T>): Promise<T> => {
    const result = await change;
    bell.ring();
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
    insertJobs: (jobs, onConflict) => ringing(insertJobs(connection, jobs, onConflict)),
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
      const exchanged = await exchange(connection, session, request, doubts);
      // Whoever follows a job, and whoever waits for the next due time, wants to know of ends; the session itself goes on.
      if (request.finished.length > 0) bell.ring();
      return exchanged;
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
        const place = { homeId: homeId(home), leaseMs: LEASE_MS };
        const launcherLock = owner.launcherLock === null ? null : locks.lockOf(owner.launcherLock);
        const session = await insertSession(connection, owner, place, lock, launcherLock, isLiving);
        failpoint('session.after_commit');
        held.set(session.id, lock);
        return session;
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    closeSession: async (session) => {
      await ringing(removeSession(connection, session, []));
      held.get(session.id)?.release();
      held.delete(session.id);
    },
    rescueSession: async (session, lostRuns) => {
      const lockNames = await ringing(removeSession(connection, session, lostRuns));
      for (const name of lockNames) locks.removeLockFile(join(runDir, name));
    },
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
      await bell.close();
      await connection.close();
    },
  };
}
