import { readFileSync } from 'node:fs';

/** Seconds since the machine started: no clock fault touches them, and the jobs' shell can read them, too. */
export function uptimeS(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
}

/** When the machine's uptime began, in seconds of the epoch, by the true clock. */
export function bootTimeS(): number {
  return Date.now() / 1000 - uptimeS();
}

/**
 * How long the main thread of a process has been ready and waited for a CPU; 0 where the kernel does not count it.
 * What a process is to do within a bound it can only do while it has a CPU, and other tests want these, too.
 */
export function waitedForCpuS(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e9;
  } catch {
    return 0;
  }
}
