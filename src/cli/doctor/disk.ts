/** The disk under the home. */
import { statfsSync } from 'node:fs';
import { formatSizeRoughly } from '../../job/size.js';
import { networkFileSystem } from '../../store/sqlite/network-file-system.js';
import { fail, ok, warn } from './check.js';
import type { Check } from './check.js';

const MIB = 1024 ** 2;
const [LOW_BYTES, LEAST_BYTES] = [512 * MIB, 16 * MIB];
const [LOW_INODES, LEAST_INODES] = [1000, 10];

export const fileSystem: Check = {
  name: 'file system',
  look: async ({ home }) => {
    if (process.platform !== 'linux') return { verdict: 'not_checked', found: 'only Linux tells its kind' };
    const name = networkFileSystem(statfsSync(home).type);
    if (name === null) return ok(`${home} is on a local disk`);
    return fail(
      `${home} is on a network file system (${name}), where SQLite's locks do not hold`,
      'set QUEUECTL_HOME to a directory on a local disk',
    );
  },
};

export const diskSpace: Check = {
  name: 'disk space',
  look: async ({ home }) => {
    const { bavail, bsize, files, ffree } = statfsSync(home);
    const bytes = bavail * bsize;
    const room = `${formatSizeRoughly(bytes)} free${files > 0 ? `, ${ffree} inodes` : ''}`;
    // Some file systems make inodes as they need them, and say 0 of 0.
    const inodes = files > 0 ? ffree : Infinity;
    const mend = 'free some space, or remove old jobs: queuectl prune --older-than 7d';
    if (bytes < LEAST_BYTES || inodes < LEAST_INODES) return fail(room, mend);
    return bytes < LOW_BYTES || inodes < LOW_INODES ? warn(room, mend) : ok(room);
  },
};
