/**
 * Liveness is a lock that the kernel drops when its process ends, however it ends: it holds under SIGSTOP,
 * a stopped clock and across PID namespaces, where pids and beats mislead. Node has no file locks of its own,
 * so the lock is an exclusive transaction on a tiny SQLite file.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileError } from '../../home.js';
import type { LockIdentity, SessionLock } from '../liveness.js';
import { openDatabase, resultCode, SQLITE } from './driver.js';
import type { Database } from './driver.js';
import { storeError } from './store-error.js';

/** A name that is not in use; nothing is made. */
export function newLockFile(directory: string): string {
  return join(directory, `${randomBytes(8).toString('hex')}.lock`);
}

/** Which lock a file is; of one that does not exist, nobody will ever find it free. */
export function lockOf(path: string): LockIdentity {
  return { name: basename(path), inode: inodeOf(path) ?? '' };
}

/** Takes a new lock. The file is opened by SQLite alone: closing another descriptor of it would drop the lock. */
export function takeSessionLock(directory: string): SessionLock {
  const path = newLockFile(directory);
  try {
    const file = openSync(path, 'wx', 0o600);
    fchmodSync(file, 0o600);
    closeSync(file);
  } catch (error) {
    throw fileError(error, `cannot make the lock ${path}`);
  }
  const database = lockFile(path);
  const free = (): void => database.close();
  const release = (): void => {
    free();
    removeLockFile(path);
  };
  return { ...lockOf(path), free, release };
}

/**
 * The open connection holds the lock. Its journal is kept in memory: SQLite begins one for the first page of an
 * empty file, which a full disk would refuse, and a killed process would leave behind.
 */
function lockFile(path: string): Database {
  const database = openDatabase(path, 0);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    throw storeError(error, path);
  }
}

export function removeLockFile(path: string): void {
  rmSync(path, { force: true });
}

/** A younger file may belong to a process that has made it and not locked it yet. */
const SURELY_LEFT_MS = 60_000;

/** Removes the locks of processes that died before or after they had a session. */
export function removeLeftLocks(directory: string, namesInUse: ReadonlySet<string>): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!name.endsWith('.lock') || namesInUse.has(name)) continue;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || Date.now() - stat.mtimeMs < SURELY_LEFT_MS) continue;
    if (probeSessionLock(directory, name, inodeOf(path) ?? '') === 'free') removeLockFile(path);
  }
}

/** 'unknown': the file is missing or replaced, which proves nothing about its process. */
export function probeSessionLock(
  directory: string,
  name: string,
  inode: string,
): 'held' | 'free' | 'unknown' {
  const path = join(directory, name);
  if (inodeOf(path) !== inode) return 'unknown';
  try {
    lockFile(path).close();
    return 'free';
  } catch (error) {
    return resultCode(error) === SQLITE.BUSY ? 'held' : 'unknown';
  }
}

function inodeOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}
