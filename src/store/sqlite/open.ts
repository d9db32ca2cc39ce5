/** Opens the SQLite store in a home directory, and makes what is missing. */
import { closeSync, fchmodSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { QueueError, systemErrorCode, usageError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import { ensureHome, fileError, makeDirectory } from '../../home.js';
import type { SessionLock } from '../liveness.js';
import type { OpenOptions, Store } from '../store.js';
import { forgetActs } from './acts.js';
import { insertRunning, rerun } from './attached.js';
import { changeJobs } from './change.js';
import { beginChanges, changes, findJobs, runsAfter } from './changes.js';
import { damages, mendCounters, newestTimeMs, wrongCounters } from './check.js';
import { exchange, outlook } from './claims.js';
import { Connection } from './connection.js';
import { counts, isDrained } from './counters.js';
import { createDoorbell, createDoorbellFile } from './doorbell.js';
import { groupJobs } from './groups.js';
import { listEnded } from './ended-jobs.js';
import { insertJobs } from './insert.js';
import { getJob } from './jobs.js';
import { listJobs } from './list.js';
import { readIdentity, requireNotMoved, requireStaying } from './moved.js';
import type { HasArrived } from './moved.js';
import { boundLog, logBytes } from './write-ahead-log.js';
import { beginPruneRound, countPrunable, pruneJobs } from './prune.js';
import { forgetPruned, listPruned } from './remove.js';
import { countJobs, selectSeqs } from './select.js';
import { listQueues, pauseQueues, pauses, resumeQueues } from './queues.js';
import { changeMark, countAhead, readyLanes } from './ready-lanes.js';
import { refuseNetworkFileSystem } from './network-file-system.js';
import { sameFileCheck } from './same-file.js';
import { areProcessing, latestRuns, listRuns } from './runs.js';
import { prepareSchema } from './schema.js';
import { newLockFile, removeLeftLocks, removeLockFile, takeSessionLock } from './session-lock.js';
import {
  holdsLock,
  insertSession,
  listDeadSessions,
  listLockNames,
  listOwned,
  listOwnedIds,
  listSessions,
  removeSession,
  requestStop,
} from './sessions.js';
import type { SessionRow } from './session-rows.js';
import { unservedLanes } from './unserved.js';

/**
 * Throws `not_permitted` or `unavailable`, and says what to do, where the home or its database cannot be used; `store_lost`
 * where it has moved. `hasArrived` tells whether a move that was broken off came to its end.
 */
export async function openStore(home: string, options: OpenOptions, hasArrived?: HasArrived): Promise<Store> {
  ensureHome(home);
  refuseNetworkFileSystem(home);
  const path = join(home, 'queue.db');
  createDatabaseFile(home, path);
  const connection = new Connection(path, options.lockTimeoutMs);
  try {
    await prepareSchema(connection);
    const { databaseId, move } = await readIdentity(connection);
    if (move !== null) await requireStaying(connection, databaseId, move, hasArrived);
    return createStore(connection, home, databaseId);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Makes the file ourselves, since SQLite would let others read it. An existing one is never opened here:
 * closing our descriptor would drop the locks of a connection that this process may have on it.
 */
function createDatabaseFile(home: string, path: string): void {
  try {
    const file = openSync(path, 'wx', 0o600);
    fchmodSync(file, 0o600);
    closeSync(file);
    createDoorbellFile(home);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw fileError(error, `cannot make the database ${path}`);
    refuseEmptied(home, path);
  }
}

/** A database of no bytes beside the directories of an earlier one has been emptied: begin nothing on top of it. */
function refuseEmptied(home: string, path: string): void {
  // In this order: another process may be making the database, and its directories come after its first page.
  const wasUsed = readdirSync(home).some((name) => /^[0-9a-f]{16}$/.test(name));
  if (!wasUsed || statSync(path).size > 0) return;
  throw new QueueError(
    'unavailable',
    `the database ${path} is empty, but was not always`,
    'restore queue.db from a backup, or remove it to begin with an empty queue',
  );
}

function noForeignTransaction(): QueueError {
  return usageError(
    'a queue in a file has no part in a transaction of a PostgreSQL client',
    'queuectl migrate --to URL moves it into your database',
  );
}

function createStore(connection: Connection, home: string, databaseId: string): Store {
  // One home used with two databases mixes nothing: what does not fit in a database lies under its id.
  const directory = join(home, databaseId);
  const [logsDir, runDir] = [join(directory, 'logs'), join(directory, 'run')];
  const bell = createDoorbell(home);
  const locks = new Map<number, SessionLock>();
  const isLiving = (row: SessionRow): boolean => locks.has(row.session_id) || holdsLock(runDir, row);
  const requireSameFile = sameFileCheck(connection.path);

  /** Rings after the commit of a change that another process may be waiting for. */
  const ringing = async <T>(change: Promise<T>): Promise<T> => {
    const result = await change;
    bell.ring();
    return result;
  };

  return {
    home,
    database: null,
    logsDir,
    runDir,
    workersDir: join(directory, 'workers'),
    bell,
    insertJobs: async (jobs, onConflict, client) => {
      if (client !== undefined) throw noForeignTransaction();
      return ringing(insertJobs(connection, jobs, onConflict));
    },
    logs: null,
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
    pruneJobs: (selection, limit) => pruneJobs(connection, selection, limit),
    countPrunable: (selection) => countPrunable(connection, selection),
    listPruned: () => listPruned(connection),
    forgetPruned: (note) => forgetPruned(connection, note),
    beginPruneRound: () => beginPruneRound(connection),
    boundLog: () => boundLog(connection),
    changeJobs: (targets, change) => ringing(changeJobs(connection, targets, change)),
    listRuns: (seq) => listRuns(connection, seq),
    latestRuns: (seqs) => latestRuns(connection, seqs),
    exchange: (session, request) => {
      const exchanged = exchange(connection, session, request);
      // Whoever follows a job, and whoever waits for the next due time, wants to know of ends.
      return request.finished.length > 0 ? ringing(exchanged) : exchanged;
    },
    outlook: async (session) => {
      requireSameFile();
      await requireNotMoved(connection);
      return outlook(connection, session);
    },
    listEnded: (state, sinceMs, after, limit) => listEnded(connection, state, sinceMs, after, limit),
    beginChanges: (sinceMs) => beginChanges(connection, sinceMs),
    changes: (cursor) => changes(connection, cursor),
    findJobs: (seqs) => findJobs(connection, seqs),
    runsAfter: (runs) => runsAfter(connection, runs),
    forgetActs: (beforeMs, limit) => forgetActs(connection, beforeMs, limit),
    damages: (whole) => damages(connection, whole),
    wrongCounters: () => wrongCounters(connection),
    mendCounters: () => mendCounters(connection),
    newestTimeMs: () => newestTimeMs(connection),
    logBytes: async () => logBytes(connection),
    readyLanes: () => readyLanes(connection),
    countAhead: (job, most) => countAhead(connection, job, most),
    changeMark: async () => {
      requireSameFile();
      await requireNotMoved(connection);
      return changeMark(connection);
    },
    areProcessing: (runs) => areProcessing(connection, runs),
    insertRunning: (session, job) => insertRunning(connection, session, job),
    rerun: (session, seq) => rerun(connection, session, seq),
    newLockFile: () => {
      makeDirectory(runDir);
      return newLockFile(runDir);
    },
    openSession: async (owner) => {
      makeDirectory(runDir);
      const lock = takeSessionLock(runDir);
      failpoint('session.after_lock');
      try {
        const session = await insertSession(connection, owner, lock, isLiving);
        failpoint('session.after_commit');
        locks.set(session.id, lock);
        return session;
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    closeSession: async (session) => {
      await ringing(removeSession(connection, session, []));
      locks.get(session.id)?.release();
      locks.delete(session.id);
    },
    rescueSession: async (session, lostRuns) => {
      const lockNames = await ringing(removeSession(connection, session, lostRuns));
      for (const name of lockNames ?? []) removeLockFile(join(runDir, name));
      return lockNames !== null;
    },
    // A queue of one machine: locks tell all.
    leaseOf: () => null,
    leaveSession: () => undefined,
    listSessions: (kind) => listSessions(connection, kind),
    listDeadSessions: (bootId) => listDeadSessions(connection, runDir, bootId, (id) => locks.has(id)),
    sweepLocks: async () => removeLeftLocks(runDir, await listLockNames(connection)),
    listOwned: (session) => listOwned(connection, session),
    listOwnedIds: (session, limit) => listOwnedIds(connection, session, limit),
    requestStop: (how, sessionIds) => ringing(requestStop(connection, how, sessionIds)),
    unservedLanes: (lanes) => unservedLanes(connection, lanes, isLiving),
    close: async () => {
      for (const lock of locks.values()) lock.free();
      locks.clear();
      connection.close();
    },
  };
}
