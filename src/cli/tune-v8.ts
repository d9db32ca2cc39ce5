/** V8's settings for a worker: a process that mostly waits, and whose work is short. Measured: docs/performance.md. */
import { setFlagsFromString } from 'node:v8';

/** Collections that begin when a process is idle were half of what an idle worker did. */
export function keepIdle(): void {
  setFlagsFromString('--no-memory-reducer');
}

/** Of Node 20. */
const LAST_V8_WITH_BUDGET = 11;

let isTuned = false;

/**
 * For a worker that has begun to run jobs. Not sooner: V8 takes no compiled code that was made under other settings, and with
 * all of Node's own modules to compile the start took 20 ms more.
 */
export function tuneForJobs(): void {
  if (isTuned) return;
  isTuned = true;
  // What is compiled anew must run for longer until then: compilers took an eighth of a drain's CPU time, beside the jobs.
  // Later ones (Node 24) have no such setting, and would say so on stderr.
  if (Number.parseInt(process.versions.v8, 10) <= LAST_V8_WITH_BUDGET)
    setFlagsFromString('--interrupt-budget=500000');
  // The memory for young objects is at its size after one step instead of four.
  setFlagsFromString('--semi-space-growth-factor=8');
}
