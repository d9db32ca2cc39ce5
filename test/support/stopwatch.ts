/** Measures what must come about within a bound, on a machine whose CPUs other tests want, too. */
import { readFileSync } from 'node:fs';

/**
 * How long the main thread of a process has been ready and waited for a CPU; 0 where the kernel does not count it.
 * What a process is to do within a bound it can only do while it has a CPU.
 */
export function waitedForCpuMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

export interface Stopwatch {
  /** How long this process and the others waited for a CPU since the start. */
  waitedMs(): number;
  /** How long it has been since the start, without that. */
  elapsedMs(): number;
}

/** Started now; `others` are the processes that are to do it, beside this one. */
export function startStopwatch(...others: readonly number[]): Stopwatch {
  const startedAt = performance.now();
  const doers = [process.pid, ...others].map((pid) => ({ pid, beforeMs: waitedForCpuMs(pid), nowMs: 0 }));
  const waitedMs = (): number => {
    // One that is gone by now has waited as long as it had when it was last looked at.
    for (const doer of doers) doer.nowMs = Math.max(doer.nowMs, waitedForCpuMs(doer.pid));
    return doers.reduce((sum, { beforeMs, nowMs }) => sum + Math.max(0, nowMs - beforeMs), 0);
  };
  return { waitedMs, elapsedMs: () => performance.now() - startedAt - waitedMs() };
}
