/** Who may read and write our files. */
import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join, relative } from 'node:path';
import { systemErrorCode } from '../../errors.js';
import { count, fail, ok, some, warn } from './check.js';
import type { Check } from './check.js';

const [GROUP_AND_OTHERS, WRITE] = [0o077, 0o022];
const [DIRECTORY_MODE, FILE_MODE] = [0o700, 0o600];
const OURS = /^(queue\.db(-wal|-shm)?|config\.json|doorbell|home-id|(pg-)?[0-9a-f]{16})$/;

export const permissions: Check = {
  name: 'permissions',
  look: async ({ home }) => {
    const stat = statSync(home);
    const uid = process.getuid?.();
    if (uid === undefined) return ok('this system has no modes of files');
    if (!stat.isDirectory()) return fail(`${home} is not a directory`, 'set QUEUECTL_HOME to a directory');
    if (stat.uid !== uid && uid !== 0)
      return fail(`${home} belongs to another user`, 'set QUEUECTL_HOME to a directory of yours');
    const wrong = openToOthers(home);
    const writable = wrong.filter(({ stat: each }) => (each.mode & WRITE) !== 0);
    const mend = 'queuectl doctor --fix';
    if (writable.length > 0) return fail(`others may write ${named(home, writable)}`, mend);
    if (wrong.length > 0) return warn(`others may read ${named(home, wrong)}`, mend);
    return ok('the home and its files are for their owner alone');
  },
  mend: async ({ home }) =>
    openToOthers(home).flatMap(({ path, stat }) => {
      // What belongs to somebody else is theirs to change, even for root.
      if (stat.uid !== process.getuid?.()) return [];
      const mode = stat.isDirectory() ? DIRECTORY_MODE : FILE_MODE;
      chmodSync(path, mode);
      return [`chmod ${mode.toString(8)} ${path}`];
    }),
};

interface Found {
  readonly path: string;
  readonly stat: Stats;
}

/** The home, our files in it, and the directories of the database. Links are not followed. */
function openToOthers(home: string): Found[] {
  const top = namesIn(home)
    .filter((name) => OURS.test(name))
    .map((name) => join(home, name));
  const inner = top.flatMap((path) => ['logs', 'run'].map((name) => join(path, name)));
  return [home, ...top, ...inner].flatMap((path) => {
    const stat = lstatOf(path);
    const isPlain = stat !== null && (stat.isFile() || stat.isDirectory());
    return isPlain && (stat.mode & GROUP_AND_OTHERS) !== 0 ? [{ path, stat }] : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function lstatOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return null;
    throw error;
  }
}

function named(home: string, found: readonly Found[]): string {
  return `${count(found.length, 'file')}: ${some(found.map(({ path }) => relative(home, path) || home))}`;
}
