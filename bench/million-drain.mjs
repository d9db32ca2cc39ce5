// The worker of million.mjs, in a process of its own: node million-drain.mjs HOME JOBS SLOTS
// Waits for its input's end, drains the queue, and prints a line of JSON for each tenth: seconds, memory, size of the log.
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const [home = '', jobs = '', slots = ''] = process.argv.slice(2);
const { openQueue, Worker } = await import(new URL('../dist/index.js', import.meta.url).href);

const tenth = Math.ceil(Number(jobs) / 10);
let ran = 0;
let start = 0;

function tell() {
  const seconds = (performance.now() - start) / 1000;
  const walMb = statSync(join(home, 'queue.db-wal')).size / 2 ** 20;
  console.log(JSON.stringify({ ran, seconds, rssMb: process.memoryUsage.rss() / 2 ** 20, walMb }));
}

const queue = await openQueue(home, { lockTimeoutMs: Infinity });
const noop = async () => {
  ran += 1;
  if (ran % tenth === 0) tell();
};
const worker = new Worker(queue, {
  slots: Number(slots),
  handlers: { noop },
  commands: false,
  untilEmpty: true,
});
console.log(JSON.stringify({ ready: true }));
await once(process.stdin.resume(), 'end');
start = performance.now();
await worker.run();
const { completed } = await queue.counts();
console.log(JSON.stringify({ completed, seconds: (performance.now() - start) / 1000 }));
await queue.close();
