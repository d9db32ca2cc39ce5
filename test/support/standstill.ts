/** How long this machine has stood still: all of it, not one process that others keep from a CPU. */
import { Worker } from 'node:worker_threads';

const TICK_MS = 10;
/** A thread that does nothing else is woken later than this only where it gets none of the CPUs. */
const LATE_MS = 50;

/** It shares [its latest tick, what it was late by], both in ms; `hrtime`, since `performance` begins anew in each thread. */
const TICKER = `
  const { workerData } = require('node:worker_threads');
  const shared = new Float64Array(workerData);
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  shared[0] = now();
  setInterval(() => {
    const at = now();
    const lateMs = at - shared[0] - ${TICK_MS};
    if (lateMs > ${LATE_MS}) shared[1] += lateMs;
    shared[0] = at;
  }, ${TICK_MS});`;

let shared: Float64Array | null = null;

/** In all since it was first asked for, which starts a thread. */
export function stoodStillMs(): number {
  shared ??= startTicker();
  const [latest = 0, total = 0] = shared;
  if (latest === 0) return 0;
  const lateMs = Number(process.hrtime.bigint()) / 1e6 - latest - TICK_MS;
  return total + (lateMs > LATE_MS ? lateMs : 0);
}

function startTicker(): Float64Array {
  const buffer = new SharedArrayBuffer(16);
  new Worker(TICKER, { eval: true, workerData: buffer }).unref();
  return new Float64Array(buffer);
}
