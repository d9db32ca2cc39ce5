/** Locks that the kernel drops when their process ends: how processes of one home know whether another one lives. */

export interface LockIdentity {
  /** The file's name in the directory of locks, and which file that is. */
  readonly name: string;
  readonly inode: string;
}

export interface SessionLock extends LockIdentity {
  /** Frees the lock and leaves its file: whoever looks finds the session dead, and rescues what it owned. */
  free(): void;
  /** Frees the lock and removes its file, once the session is gone. */
  release(): void;
}

/** What a store takes for its sessions, and whoever opens it brings along. */
export interface SessionLocks {
  readonly newLockFile: (directory: string) => string;
  readonly lockOf: (path: string) => LockIdentity;
  readonly takeSessionLock: (directory: string) => SessionLock;
  readonly removeLockFile: (path: string) => void;
  readonly removeLeftLocks: (directory: string, namesInUse: ReadonlySet<string>) => void;
  /** 'unknown': the file is missing or replaced, which proves nothing about its process. */
  readonly probeSessionLock: (directory: string, name: string, inode: string) => 'held' | 'free' | 'unknown';
}
