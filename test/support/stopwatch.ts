/** Measures what must come about within a bound, on a machine whose CPUs other tests want, too. */
import { readFileSync } from 'node:fs';
import { stoodStillMs } from './standstill.js';

/**
 * How long the main thread of a process has been ready and waited for a CPU; 0 where the kernel does not count it.
 * What a process is to do within a bound it can only do while it has a CPU.
 */
function waitedForCpuMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

export interface Stopwatch {
  /** How long the doers waited for a CPU since the start, or the machine stood still. */
  waitedMs(): number;
  /** How long it has been since the start, without that. */
  elapsedMs(): number;
}

/** Started now; the doers are the processes that are to do it. */
export function startStopwatchOf(...pids: readonly number[]): Stopwatch {
  const startedAt = performance.now();
  const stoodBeforeMs = stoodStillMs();
  const doers = pids.map((pid) => ({ pid, beforeMs: waitedForCpuMs(pid), nowMs: 0 }));
  const waitedMs = (): number => {
    // One that is gone by now has waited as long as it had when it was last looked at.
    for (const doer of doers) doer.nowMs = Math.max(doer.nowMs, waitedForCpuMs(doer.pid));
    const forCpuMs = doers.reduce((sum, { beforeMs, nowMs }) => sum + Math.max(0, nowMs - beforeMs), 0);
    // What stands still may wait for a CPU, too: not both.
    return Math.max(forCpuMs, stoodStillMs() - stoodBeforeMs);
  };
  return { waitedMs, elapsedMs: () => performance.now() - startedAt - waitedMs() };
}

/** The same of this process and others. */
export function startStopwatch(...others: readonly number[]): Stopwatch {
  return startStopwatchOf(process.pid, ...others);
}
