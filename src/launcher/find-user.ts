/** Users of this machine, as /etc/passwd lists them: those of a directory service are not found. */

import { readFileSync } from 'node:fs';

import type { LaunchUser } from './launcher.js';

/** By name, else by uid; a user and its group go together, so a uid that is not listed is nobody's. */
export function findUser(nameOrUid: string, file = '/etc/passwd'): LaunchUser | null {
  const users = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === nameOrUid) ?? users.find(([, , uid]) => uid === nameOrUid);
  const [uid, gid] = [toId(found?.[2]), toId(found?.[3])];
  return uid === null || gid === null ? null : { uid, gid };
}

function toId(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
