/** The home directory: where the database, the settings and the output live. Made at first use, for its owner alone. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { QueueError, systemErrorCode } from './errors.js';

/** `$QUEUECTL_HOME`, else `~/.queuectl`; absolute. */
export function homeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  // os.homedir() reads HOME too; to load it costs a command half a millisecond.
  return resolve(env['QUEUECTL_HOME'] || join(env['HOME'] || homedir(), '.queuectl'));
}

/**
 * Makes the home (0700) if it is missing. Throws `not_permitted` where it cannot be made, or where others may
 * write in it: they could plant a database whose commands would run as its owner.
 */
export function ensureHome(home: string): void {
  makeDirectory(home);
  const stat = statSync(home);
  if (!stat.isDirectory())
    throw new QueueError(
      'not_permitted',
      `${home} is not a directory`,
      'set QUEUECTL_HOME to a directory of yours',
    );
  if (process.getuid === undefined) return;
  const uid = process.getuid();
  if (uid !== 0 && stat.uid !== uid) {
    throw new QueueError(
      'not_permitted',
      `${home} belongs to another user`,
      'set QUEUECTL_HOME to a directory of yours',
    );
  }
  if ((stat.mode & 0o022) !== 0)
    throw new QueueError('not_permitted', `${home} can be written by other users`, `chmod go-w ${home}`);
}

/** Makes a directory of ours and its parents (0700); an existing one is left as it is. */
export function makeDirectory(directory: string): void {
  try {
    makeWithParents(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST' && statSync(directory, { throwIfNoEntry: false })?.isDirectory())
      return;
    throw error instanceof QueueError ? error : fileError(error, `cannot make the directory ${directory}`);
  }
}

/** By hand: mkdirSync's own `recursive` never returns below /proc, where even a missing parent cannot be made. */
function makeWithParents(directory: string): void {
  try {
    makeOne(directory);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(directory) === directory) throw error;
    makeDirectory(dirname(directory));
    makeOne(directory);
  }
}

function makeOne(directory: string): void {
  mkdirSync(directory, { mode: 0o700 });
  // A umask may have taken our own rights away; it is the jobs' affair, not our files'.
  chmodSync(directory, 0o700);
}

/** A system error as one of ours: no permission is `not_permitted`, everything else `unavailable`. */
export function fileError(error: unknown, what: string): QueueError {
  const code = systemErrorCode(error) ?? 'unknown error';
  const words = PLAIN_WORDS[code] ?? code;
  const notPermitted =
    code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'EEXIST' || code === 'ENOTDIR';
  return new QueueError(
    notPermitted ? 'not_permitted' : 'unavailable',
    `${what}: ${words}`,
    notPermitted ? 'check its permissions, or set QUEUECTL_HOME to a directory of yours' : undefined,
    { cause: error },
  );
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EEXIST: 'there is a file in its place',
  ENOTDIR: 'a part of the path is not a directory',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EIO: 'input/output error',
};
