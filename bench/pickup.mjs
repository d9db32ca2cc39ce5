// P4: from the commit of an enqueue to the first instruction of its job, in a worker of another process that waits.
// node bench/pickup.mjs [ROUNDS]
// Beside it, in turn: the same program started by this process. The job is `date +%s%N`, which says when it ran.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { inNewDirectoryAsync } from './child.mjs';
import { machine, percentile } from './measure.mjs';
import { DURABILITY, requireBuild, startWorker } from './queuectl.mjs';
import { formatTable } from './table.mjs';

const ROUNDS = 200;
const WARM_UP = 10;

/** Milliseconds since the epoch, with fractions: the clock that `date` reads. */
const now = () => performance.timeOrigin + performance.now();

/** @param {string} nanoseconds */
const toMs = (nanoseconds) => Number(BigInt(nanoseconds.trim()) / 1000n) / 1000;

async function spawned() {
  const from = now();
  const { stdout } = await promisify(execFile)('date', ['+%s%N']);
  return toMs(stdout) - from;
}

/** @param {any} queue */
async function pickedUp(queue) {
  const { id } = await queue.enqueue({ command: ['date', '+%s%N'] });
  const from = now();
  let job;
  do {
    // Off the processors until the job is over, so that the wait is not part of the figure.
    await new Promise((resolve) => setTimeout(resolve, 20));
    job = await queue.get(id);
  } while (job.state !== 'completed');
  let text = '';
  for await (const record of queue.output(job, job.run))
    if ('bytes' in record) text += Buffer.from(record.bytes).toString();
  return toMs(text) - from;
}

export async function measurePickup(rounds = ROUNDS) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  /** @type {{ ours: number[], spawn: number[] }} */
  const times = { ours: [], spawn: [] };
  await inNewDirectoryAsync(async (home) => {
    const worker = await startWorker(home);
    const queue = await openQueue(home);
    for (let round = -WARM_UP; round < rounds; round++) {
      const [spawn, ours] = [await spawned(), await pickedUp(queue)];
      if (round < 0) continue;
      times.spawn.push(spawn);
      times.ours.push(ours);
    }
    await queue.close();
    await worker.stop();
  });
  const figure = (/** @type {readonly number[]} */ ms, /** @type {number} */ part) =>
    percentile(ms, part).toFixed(1);
  const row = (/** @type {readonly number[]} */ ms) => [figure(ms, 0.5), figure(ms, 0.99)];
  const more = [0.5, 0.99].map((part) =>
    (percentile(times.ours, part) - percentile(times.spawn, part)).toFixed(1),
  );
  return {
    title: `P4, from an enqueue's commit to the job's first instruction, ${rounds} rounds`,
    head: ['', 'p50 ms', 'p99 ms', 'durability'],
    rows: [
      ['a start by this process', ...row(times.spawn), 'none'],
      ['queuectl, an idle worker in another process', ...row(times.ours), DURABILITY],
    ],
    summary: `P4 pickup: p50 the spawn + ${more[0]} ms, p99 + ${more[1]} ms`,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  requireBuild();
  console.log(machine());
  const [rounds] = process.argv.slice(2).map(Number);
  const { title, head, rows, summary } = await measurePickup(rounds);
  console.log(`${title}\n\n${formatTable(head, rows)}\n\n${summary}`);
}
