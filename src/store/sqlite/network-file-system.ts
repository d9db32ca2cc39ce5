import { statfsSync } from 'node:fs';
import { QueueError } from '../../errors.js';

/** Linux's names for the file systems whose locks and shared memory SQLite cannot trust (statfs(2), magic.h). */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/** The file system's name where `type` (of statfs) is one that several machines share, else null. */
export function networkFileSystem(type: number): string | null {
  // statfs gives a signed 32-bit number on some systems.
  return NETWORK_FILE_SYSTEMS.get(type >>> 0) ?? null;
}

/** Throws `unavailable`: on such a file system a lock may be a lie, and two workers would run one job. */
export function refuseNetworkFileSystem(directory: string): void {
  if (process.platform !== 'linux') return;
  const name = networkFileSystem(statfsSync(directory).type);
  if (name === null) return;
  throw new QueueError(
    'unavailable',
    `${directory} is on a network file system (${name}), where SQLite's locks do not hold`,
    'set QUEUECTL_HOME to a directory on a local disk',
  );
}
