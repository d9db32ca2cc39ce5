/** Where the logs of detached workers lie: NAME.log, and what was before it in NAME.log.1, .2 and .3. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { QueueError, systemErrorCode } from '../../errors.js';
import { fileError } from '../../home.js';
import { DAY } from '../../time.js';

/** How many older files are kept beside the one that is written. */
const KEPT_FILES = 3;
/** A worker that was not heard of for so long is gone for good, and so is its log. */
const KEEP_MS = 30 * DAY;

/** The name has been checked: it holds no slash, and does not begin with a dot. */
export function workerLog(directory: string, name: string): string {
  return join(directory, `${name}.log`);
}

/** The log and what was before it, newest first. */
export function generationsOf(log: string): string[] {
  return [log, ...Array.from({ length: KEPT_FILES }, (_, index) => `${log}.${index + 1}`)];
}

/** O_NOFOLLOW: a symlink put in a log's place must not lead elsewhere. Windows has no such flag. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** Opens a log to go on with it, and makes it (0600) where it is missing. Throws `not_permitted` or `unavailable`. */
export function openToAppend(log: string): number {
  let file: number | undefined;
  try {
    file = openSync(log, APPEND, 0o600);
    if (!fstatSync(file).isFile()) throw new QueueError('not_permitted', `${log} is not a file`);
    fchmodSync(file, 0o600);
    // So that nobody takes it for one that nobody has written for long.
    futimesSync(file, Date.now() / 1000, Date.now() / 1000);
    return file;
  } catch (error) {
    if (file !== undefined) closeSync(file);
    if (systemErrorCode(error) === 'ELOOP')
      throw new QueueError('not_permitted', `${log} is a symbolic link`);
    throw error instanceof QueueError ? error : fileError(error, `cannot write the log ${log}`);
  }
}

/** Who has a log with something in it, or lives and is about to write to one: a start that failed leaves an empty one. */
export function listWorkerLogs(directory: string, living: readonly (string | null)[]): string[] {
  const holds = (file: string): boolean =>
    (statSync(join(directory, file), { throwIfNoEntry: false })?.size ?? 0) > 0;
  return logsIn(directory)
    .filter(({ file, name }) => living.includes(name) || holds(file))
    .map(({ name }) => name)
    .filter((name, index, names) => names.indexOf(name) === index)
    .toSorted();
}

/** Removes the logs of workers that are not among the living and have written nothing for 30 days. */
export function removeOldLogs(directory: string, living: readonly (string | null)[]): void {
  for (const { file, name } of logsIn(directory)) {
    if (living.includes(name)) continue;
    const path = join(directory, file);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > KEEP_MS) rmSync(path, { force: true });
  }
}

function logsIn(directory: string): { readonly file: string; readonly name: string }[] {
  return namesIn(directory).flatMap((file) => {
    const name = /^(.+)\.log(\.\d)?$/.exec(file)?.[1];
    return name === undefined ? [] : [{ file, name }];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError(error, `cannot read ${directory}`);
  }
}
