/** Logs under the id of another database: each file gets a second name, so that both ids have it until the old one goes. */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { QueueError, systemErrorCode } from '../errors.js';

/** How many there are. A second time does what is left. Throws `unavailable`. */
export function linkLogs(from: string, to: string): number {
  if (!existsSync(from)) return 0;
  try {
    return linkTree(from, to);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new QueueError('unavailable', `cannot take the logs along: ${why}`, undefined, { cause: error });
  }
}

function linkTree(from: string, to: string): number {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  let files = 0;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) files += linkTree(source, target);
    else if (entry.isFile()) {
      linkFile(source, target);
      files += 1;
    }
  }
  return files;
}

/** What lies there already is of an earlier try. Where the file system has no second names, there is a copy. */
function linkFile(source: string, target: string): void {
  const there = statSync(target, { throwIfNoEntry: false });
  if (there !== undefined) {
    if (there.ino === statSync(source).ino) return;
    rmSync(target);
  }
  try {
    linkSync(source, target);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(systemErrorCode(error) ?? ''))
      throw error;
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}

/** The names under the old id. */
export function removeLogTree(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
