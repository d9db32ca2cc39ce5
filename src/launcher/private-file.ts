import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { systemErrorCode } from '../errors.js';

const { O_CREAT, O_WRONLY } = constants;
// Windows has no such flag. A symlink put in the file's place must not lead our writes elsewhere.
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const ATTEMPTS = 3;

/** Opens a file of ours for writing, mode 0600, its directories made with 0700. Throws the system's error. */
export function openPrivateFile(file: string, flags: number): number {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return openSync(file, O_CREAT | O_WRONLY | O_NOFOLLOW | flags, 0o600);
    } catch (error) {
      // More than once, since a prune may remove a directory it finds empty just after we made it.
      if (systemErrorCode(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    }
  }
}

export function closeQuietly(fd: number | null): void {
  if (fd === null) return;
  try {
    closeSync(fd);
  } catch {
    // A late write error (a full disk, NFS): those bytes are lost, the job is not.
  }
}
