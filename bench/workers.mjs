// One to sixteen worker processes on one home: how much they do together, and whether one of them starves.
// node bench/workers.mjs [JOBS PER WORKER]
// The jobs sleep, so that what they wait for is the queue and not the processors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAlone } from './alone.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { DURABILITY, startWorker } from './queuectl.mjs';

const JOBS = 25;
const SLEEP_MS = 200;
const COUNTS = [1, 2, 4, 8, 16];

/**
 * @param {string} home
 * @param {number} count
 * @param {number} jobs
 */
async function runWith(home, count, jobs) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  const ledger = join(home, 'ledger');
  const command = `sleep ${SLEEP_MS / 1000}; echo $QUEUECTL_WORKER_PID >> ${ledger}`;
  const queue = await openQueue(home);
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(home)));
  const start = performance.now();
  await queue.enqueueMany(Array.from({ length: jobs }, () => ({ command })));
  while ((await queue.counts()).completed < jobs) await new Promise((resolve) => setTimeout(resolve, 20));
  const ms = performance.now() - start;
  const stopping = performance.now();
  await Promise.all(workers.map((worker) => worker.stop()));
  const stopMs = performance.now() - stopping;
  await queue.close();
  const shares = new Map(workers.map(({ pid }) => [String(pid), 0]));
  for (const pid of readFileSync(ledger, 'utf8').trim().split('\n'))
    shares.set(pid, (shares.get(pid) ?? 0) + 1);
  return { ms, stopMs, shares: [...shares.values()] };
}

export async function measureWorkers(jobsEach = JOBS) {
  const rows = [];
  let worst = 1;
  for (const count of COUNTS) {
    const jobs = jobsEach * count;
    const { ms, stopMs, shares } = await inNewDirectoryAsync((home) => runWith(home, count, jobs));
    const ofIdeal = (jobsEach * SLEEP_MS) / ms;
    const fewest = Math.min(...shares);
    worst = Math.min(worst, fewest / jobsEach);
    rows.push([
      String(count),
      ((jobs / ms) * 1000).toFixed(0),
      ofIdeal.toFixed(2),
      `${fewest}-${Math.max(...shares)}`,
      stopMs.toFixed(0),
    ]);
  }
  return {
    title: `Many workers, one slot each, ${jobsEach} jobs of ${SLEEP_MS} ms a worker (${DURABILITY})`,
    head: [
      'worker processes',
      'jobs/s',
      'of what sleeping alone allows',
      'jobs of one worker',
      'ms to stop all',
    ],
    rows,
    summary: `Many workers: the worst-off worker got ${worst.toFixed(2)} of its even share`,
  };
}

await runAlone(import.meta.url, measureWorkers);
