// A worker's session without a worker: what the exchange alone takes, for postgres-exchange.mjs, postgres-bloat.mjs and scale.mjs.
import { hostname } from 'node:os';

/** @typedef {import('../dist/types/store/store.js').FinishedRun} FinishedRun */

/** @type {Omit<FinishedRun, 'seq' | 'run'>} */
const SUCCESS = {
  transition: { to: 'completed' },
  outcome: 'success',
  exitCode: 0,
  signal: null,
  reason: null,
  outputBytes: 0,
  output: null,
};

/** @param {import('../dist/types/store/store.js').Store} store */
export function openBareSession(store) {
  return store.openSession({
    kind: 'worker',
    host: hostname(),
    bootId: 'bench',
    pid: process.pid,
    pidStartTime: '0',
    slots: 1,
    queues: null,
    handlers: [''],
    launcherLock: null,
  });
}

/**
 * Claims batches of so many and finishes each with the next, until nothing is ready. How many jobs that were, and the milliseconds
 * of each exchange.
 *
 * @param {import('../dist/types/store/store.js').Store} store
 * @param {import('../dist/types/store/store.js').Session} session
 * @param {number} batch
 */
export async function exchangeAll(store, session, batch) {
  const times = [];
  let jobs = 0;
  /** @type {FinishedRun[]} */
  let finished = [];
  do {
    const start = performance.now();
    const { claims } = await store.exchange(session, { running: [], finished, free: batch });
    times.push(performance.now() - start);
    jobs += claims.length;
    finished = claims.map(({ seq, run }) => ({ seq, run, ...SUCCESS }));
  } while (finished.length > 0);
  return { jobs, times };
}
