/** A clock that nobody sets and that goes on while the machine sleeps: the one by which the launcher ends what runs. */
import { readFileSync } from 'node:fs';

/**
 * Milliseconds since the boot, the same in every thread and process; on Linux in steps of 10 ms. Elsewhere it may stand
 * still while the machine sleeps.
 */
export function bootMs(): number {
  if (process.platform !== 'linux') return monotonicMs();
  try {
    return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
  } catch {
    return monotonicMs(); // No /proc, always: the two are not mixed.
  }
}

/** Until when the runs of whoever holds a lease may go on: TERM at the first time, KILL at the second one. */
export interface Deadline {
  /** Before that was sent which the lease is counted from. */
  readonly askedAtMs: number;
  readonly termAfterMs: number;
  readonly killAfterMs: number;
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
