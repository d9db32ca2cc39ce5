/** Ends process groups, and only such as are provably ours. */

import { setTimeout as delay } from 'node:timers/promises';

import { isUnchanged, listProcesses, type ProcessEntry } from './process-table.js';
import { readToken } from './run-token.js';
import { SIGKILL } from './stop.js';

const POLL_MS = 10;
const DIE_MS = 1000;

/**
 * To every process of a group. Only while its leader is not reaped: until then its number cannot be given away.
 * (Node reaps and reports an exit in one go, so a leader whose exit we have not seen is not reaped.)
 */
export function signalGroup(groupId: number, signal: number): void {
  sendToGroup(groupId, signal);
  // A stopped process acts on any other than KILL only once it goes on.
  if (signal !== SIGKILL) sendToGroup(groupId, 'SIGCONT');
}

/** What became of the processes that outlived their leader. */
export interface GroupEnd {
  readonly killed: number;
  /** Still there after KILL: they hang in the kernel, or became another user's. */
  readonly survivors: readonly number[];
}

/**
 * Waits until the rest of a group whose leader has just been reaped is gone: KILL after courtesyMs, or at once when the
 * signal is aborted. Bounded: gives up on what is still there 1 s after KILL.
 *
 * Why the group is ours: a number is not given away while a group of that number has members. At the leader's exit it
 * was certainly ours (this must be called in the same turn of the event loop; nobody starts millions of processes in
 * it). From then on, it is so as long as one member that we saw is still in it, or one carries the run's token. When
 * neither holds, the group may have emptied and the number be a stranger's: it is left alone.
 */
export async function endGroup(
  groupId: number,
  token: string,
  courtesyMs: number,
  signal: AbortSignal,
): Promise<GroupEnd> {
  // The usual case: nobody is left, and one system call says so.
  if (!sendToGroup(groupId, 0)) return { killed: 0, survivors: [] };
  const killAt = performance.now() + courtesyMs;
  let giveUpAt = Infinity;
  let killed = 0;
  let members = groupMembers(groupId);
  while (members.length > 0 && performance.now() < giveUpAt) {
    if (giveUpAt === Infinity && (performance.now() >= killAt || signal.aborted)) {
      killed = members.length;
      sendToGroup(groupId, 'SIGKILL');
      giveUpAt = performance.now() + DIE_MS;
    }
    await delay(POLL_MS);
    const known = members.filter(isUnchanged);
    members = known.length > 0 ? known : provedMembers(groupId, token);
  }
  return { killed, survivors: members.map(({ pid }) => pid) };
}

/** Zombies are left out: where process 1 does not reap (many containers), they stay in their group for ever. */
function groupMembers(groupId: number): ProcessEntry[] {
  return listProcesses().filter((entry) => entry.groupId === groupId);
}

function provedMembers(groupId: number, token: string): ProcessEntry[] {
  const members = sendToGroup(groupId, 0) ? groupMembers(groupId) : [];
  return members.some(({ pid }) => readToken(pid) === token) ? members : [];
}

/** False: there is no such group, or none of it may be signalled. */
function sendToGroup(groupId: number, signal: NodeJS.Signals | number): boolean {
  try {
    // Windows has no groups: there, best effort, only the leader.
    return process.kill(process.platform === 'win32' ? groupId : -groupId, signal);
  } catch {
    return false;
  }
}
