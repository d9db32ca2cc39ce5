// What a worker's exchange with PostgreSQL takes, without processes: finish a batch, with its history, and claim the next.
// node bench/postgres-exchange.mjs URL [JOBS]      an empty database; its schema "queuectl" is left for you to drop
import { hostname } from 'node:os';
import { openQueue } from '../dist/index.js';

const [url = '', jobs = '20000'] = process.argv.slice(2);
const queue = await openQueue(url);
const { store } = queue;
const total = Number(jobs);
for (let n = 0; n < total; n += 1000)
  await queue.enqueueMany(Array.from({ length: 1000 }, () => ({ command: 'true' })));
const session = await store.openSession({
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

/** @type {Omit<import('../dist/types/store/store.js').FinishedRun, 'seq' | 'run'>} */
const SUCCESS = {
  transition: { to: 'completed' },
  outcome: 'success',
  exitCode: 0,
  signal: null,
  reason: null,
  outputBytes: 0,
  output: null,
};

/** @param {number} size @param {number} least */
async function measure(size, least) {
  /** @type {import('../dist/types/store/store.js').FinishedRun[]} */
  let finished = [];
  let done = 0;
  const begunAt = performance.now();
  do {
    const { claims } = await store.exchange(session, { running: [], finished, free: size });
    done += finished.length;
    finished = claims.map(({ seq, run }) => ({ seq, run, ...SUCCESS }));
  } while (finished.length > 0 && done < least);
  const seconds = (performance.now() - begunAt) / 1000;
  await store.exchange(session, { running: [], finished, free: 0 });
  console.log(`batches of ${String(size).padStart(3)}: ${Math.round(done / seconds)} jobs/s`);
}

await measure(1, total / 40);
await measure(8, total / 10);
await measure(64, total / 4);
await measure(500, total / 2);
await store.closeSession(session);
await queue.close();
