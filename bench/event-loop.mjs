// How long a worker's event loop is blocked at a time while it drains short jobs. node bench/event-loop.mjs [JOBS]
// The worker runs in this process. Beside it, in the same directory, what a sync of the disk takes: a commit waits
// for one, and a loop that waits for a commit is blocked for as long.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runAlone } from './alone.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { percentile } from './measure.mjs';
import { DURABILITY } from './queuectl.mjs';

const JOBS = 1000;
const SYNCS = 300;
const RESOLUTION_MS = 1;

/** @param {string} directory */
function syncTimes(directory) {
  const file = openSync(join(directory, 'sync'), 'w');
  const page = Buffer.alloc(4096);
  const times = Array.from({ length: SYNCS }, () => {
    const start = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return times;
}

export async function measureEventLoop(jobs = JOBS) {
  const { openQueue, Worker } = await import(new URL('../dist/index.js', import.meta.url).href);
  const { delay, syncs } = await inNewDirectoryAsync(async (home) => {
    const queue = await openQueue(home);
    await queue.enqueueMany(Array.from({ length: jobs }, () => ({ command: 'true' })));
    const syncs = syncTimes(home);
    const worker = new Worker(queue, { slots: 2, untilEmpty: true });
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    await worker.run();
    delay.disable();
    const { completed } = await queue.counts();
    if (completed !== jobs) throw new Error(`void: ${completed} of ${jobs} completed`);
    await queue.close();
    return { delay, syncs };
  });
  // The histogram counts from one timer to the next: what it waits for anyway is taken off.
  const blocked = (/** @type {number} */ part) => Math.max(0, delay.percentile(part) / 1e6 - RESOLUTION_MS);
  const [p50, p99] = [blocked(50), blocked(99)];
  const [sync50, sync99] = [percentile(syncs, 0.5), percentile(syncs, 0.99)];
  const row = (/** @type {string} */ name, /** @type {number[]} */ ...ms) => [
    name,
    ...ms.map((one) => one.toFixed(1)),
  ];
  return {
    title: `The event loop of a worker that drains ${jobs} jobs \`true\`, two slots (${DURABILITY})`,
    head: ['', 'p50 ms', 'p99 ms'],
    rows: [
      row('the loop is late by', p50, p99),
      row('a sync of 4 KiB in the same directory', sync50, sync99),
    ],
    summary: `Event loop while draining: late by ${p99.toFixed(1)} ms at p99, a sync alone takes ${sync50.toFixed(1)} ms (p99 ${sync99.toFixed(1)} ms)`,
  };
}

await runAlone(import.meta.url, measureEventLoop);
