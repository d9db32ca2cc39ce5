/** What the system says of its processes: /proc on Linux, `ps` elsewhere, nothing on Windows. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** With the pid it names one process of this boot: a reused pid has another start time. Only to be compared. */
  readonly startTime: string;
}

/** A running process; null where there is none, or only a zombie: it does nothing any more and waits for its parent. */
export function readProcess(pid: number): ProcessEntry | null {
  if (process.platform !== 'linux') return parsePs(runPs(['-p', String(pid)]))[0] ?? null;
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null; // It ended, perhaps in the middle of the read.
  }
}

/** Every running process that we may see. */
export function listProcesses(): ProcessEntry[] {
  if (process.platform !== 'linux') return parsePs(runPs(['-A']));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** Whether it is still the same process, in the same group. */
export function isUnchanged(entry: ProcessEntry): boolean {
  const now = readProcess(entry.pid);
  return now !== null && now.startTime === entry.startTime && now.groupId === entry.groupId;
}

/** One line of /proc/<pid>/stat, numbered as in proc(5); null for a zombie. */
export function parseStat(stat: string): ProcessEntry | null {
  // The command's name stands in parentheses and may hold blanks and parentheses itself: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  const state = field(3);
  // A main thread that ended before its other threads shows as a zombie, too, but that process runs.
  const isDead = state === 'X' || (state === 'Z' && Number(field(20)) <= 1);
  if (isDead || field(22) === '') return null;
  return {
    pid: Number.parseInt(stat, 10),
    groupId: Number(field(5)),
    sessionId: Number(field(6)),
    startTime: field(22),
  };
}

function runPs(selection: string[]): string {
  if (process.platform === 'win32') return '';
  try {
    // The start time is printed in the caller's language and time zone, which two workers need not share.
    const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
    const columns = ['-o', 'pid=,pgid=,stat=,lstart='];
    return execFileSync('ps', [...columns, ...selection], {
      env,
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return ''; // `ps` fails when it finds no process.
  }
}

const PS_LINE = /^ *(\d+) +(\d+) +(\S+) +(\S.*\S) *$/;

/** Lines of pid, group, state and start time. macOS shows no session; its leader's group has the same number. */
export function parsePs(lines: string): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const line of lines.split('\n')) {
    const [, pid, groupId, state, startTime] = PS_LINE.exec(line) ?? [];
    if (startTime === undefined || state?.startsWith('Z')) continue;
    entries.push({ pid: Number(pid), groupId: Number(groupId), sessionId: Number(groupId), startTime });
  }
  return entries;
}
