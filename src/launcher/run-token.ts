/** The token that marks every process of a run, however far it went from its leader. */

import { readFileSync } from 'node:fs';

import type { ProcessEntry } from './process-table.js';

export const TOKEN_VARIABLE = 'QUEUECTL_TOKEN';

/** The token a process was started with; null: it has none, overwrote its environment, or does not let us read it. */
export function readToken(pid: number): string | null {
  const prefix = `${TOKEN_VARIABLE}=`;
  const entry = readProc(pid, 'environ')
    ?.split('\0')
    .find((text) => text.startsWith(prefix));
  // An empty token marks nothing: it would match whatever inherited an empty variable.
  return entry === undefined || entry === prefix ? null : entry.slice(prefix.length);
}

/**
 * In the middle of exec, for some microseconds or until it gets the CPU back, a process shows neither environment nor
 * arguments: whether it has a token cannot be told yet. (Kernel threads have none either; their group is 0.)
 */
export function isStarting({ pid, groupId }: ProcessEntry): boolean {
  return groupId > 0 && readProc(pid, 'environ') === '' && readProc(pid, 'cmdline') === '';
}

/** Null: it ended, or belongs to another user, or this system has no /proc. */
function readProc(pid: number, file: string): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
