/** The token that marks every process of a run, however far it went from its leader. */

import { readFileSync } from 'node:fs';

export const TOKEN_VARIABLE = 'QUEUECTL_TOKEN';

/** The token a process was started with; null: it has none, overwrote its environment, or does not let us read it. */
export function readToken(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const prefix = `${TOKEN_VARIABLE}=`;
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const token = entries.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
    // An empty token marks nothing: it would match whatever inherited an empty variable.
    return token === undefined || token === '' ? null : token;
  } catch {
    return null; // It ended, or belongs to another user.
  }
}
