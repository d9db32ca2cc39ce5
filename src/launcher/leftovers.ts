/** Ends what is left of a run whose worker died, so that its job may run again. */

import { setTimeout as delay } from 'node:timers/promises';

import { bootId } from './process-identity.js';
import { isUnchanged, listProcesses, type ProcessEntry } from './process-table.js';
import { readNote, type RunNote } from './run-note.js';
import { isStarting, readToken } from './run-token.js';

export interface Leftovers {
  /** Without a readable note nothing can be proved ours, and nothing was killed. */
  readonly note: 'read' | 'missing' | 'broken';
  /** How many processes were found and are gone now. */
  readonly ended: number;
}

/** A second may have passed before the death was noticed, and two after it nothing may be alive. */
const GRACE_MS = 500;
const POLL_MS = 10;
const KILL_AGAIN_MS = 1000;
/** A single look can miss a process: one that its parent starts, and then ends, while the look passes by. */
const QUIET_LOOKS = 2;
/** A process in the middle of exec may turn out to be ours, but an odd one must not hold up a rescue for ever. */
const MOST_LOOKS_AT_STARTS = 50;

/**
 * Ends the noted process, its group, and every process that carries the run's token: TERM, KILL after graceMs, looking
 * again until none is found. Resolves only when all are gone, since the job must not run twice at once: a process that
 * cannot be killed (it hangs in the kernel, or became another user's) keeps it waiting. Never throws.
 */
export async function endLeftovers(
  noteFile: string,
  { graceMs = GRACE_MS }: { readonly graceMs?: number } = {},
): Promise<Leftovers> {
  const note = readNote(noteFile);
  if (note === 'missing' || note === 'broken') return { note, ended: 0 };
  const killAt = performance.now() + graceMs;
  const ended = new Set<string>();
  let quietLooks = 0;
  let looksAtStarts = 0;
  while (quietLooks < QUIET_LOOKS) {
    const all = await scanProcesses();
    const found = findLeftovers(all, note);
    if (found.length > 0) {
      quietLooks = 0;
      const isKill = performance.now() >= killAt;
      for (const entry of found) {
        ended.add(`${entry.pid} ${entry.startTime}`);
        endProcess(entry, isKill);
      }
      await untilGone(found, isKill ? performance.now() + KILL_AGAIN_MS : killAt);
    } else {
      if (!all.some((entry) => entry.isStarting) || looksAtStarts >= MOST_LOOKS_AT_STARTS) quietLooks += 1;
      else looksAtStarts += 1;
      await delay(POLL_MS);
    }
  }
  return { note: 'read', ended: ended.size };
}

/** The pids of the processes that `endLeftovers` would end; ends nothing. */
export async function listLeftovers(noteFile: string): Promise<number[]> {
  const note = readNote(noteFile);
  if (note === 'missing' || note === 'broken') return [];
  return findLeftovers(await scanProcesses(), note).map(({ pid }) => pid);
}

function findLeftovers(all: readonly Scanned[], note: RunNote): ProcessEntry[] {
  const isOurs = (entry: Scanned): boolean => entry.token === note.token || isNotedLeader(entry, note);
  // A member that is proved ours proves the group: a group's number is not given away while it has members, and
  // nobody from outside the job's session can join.
  const groupIsOurs = all.some((entry) => entry.groupId === note.pid && isOurs(entry));
  return all.filter((entry) => isOurs(entry) || (groupIsOurs && entry.groupId === note.pid));
}

/** For a leader that cleared its environment: same boot, pid and start time are one process, unless its token says otherwise. */
function isNotedLeader(entry: Scanned, note: RunNote): boolean {
  return (
    entry.token === null &&
    entry.pid === note.pid &&
    entry.sessionId === note.pid &&
    entry.startTime === note.pidStartTime &&
    bootId() === note.bootId
  );
}

interface Scanned extends ProcessEntry {
  readonly token: string | null;
  readonly isStarting: boolean;
}

let nextScan: Promise<readonly Scanned[]> | null = null;

/**
 * Every process but us and the system's first. One scan answers all who asked before it began: when a worker with a
 * hundred jobs died, a hundred scans would take a second in which this worker does nothing else.
 */
function scanProcesses(): Promise<readonly Scanned[]> {
  nextScan ??= new Promise((resolve) => {
    setImmediate(() => {
      nextScan = null;
      const entries = listProcesses().filter(({ pid }) => pid > 1 && pid !== process.pid);
      resolve(entries.map(describe));
    });
  });
  return nextScan;
}

function describe(entry: ProcessEntry): Scanned {
  const token = readToken(entry.pid);
  return { ...entry, token, isStarting: token === null && isStarting(entry) };
}

function endProcess(entry: ProcessEntry, isKill: boolean): void {
  // Looked at again at the last moment: since the scan, the pid may have become a stranger's.
  if (!isUnchanged(entry)) return;
  try {
    process.kill(entry.pid, isKill ? 'SIGKILL' : 'SIGTERM');
    // A stopped process acts on TERM only once it goes on.
    if (!isKill) process.kill(entry.pid, 'SIGCONT');
  } catch {
    // Gone, or not ours to signal: the next look tells.
  }
}

async function untilGone(entries: readonly ProcessEntry[], deadline: number): Promise<void> {
  while (performance.now() < deadline && entries.some(isUnchanged)) await delay(POLL_MS);
}
