// P4: from the commit of an enqueue to the first instruction of its job, in a worker of another process that waits.
// node bench/pickup.mjs [ROUNDS]
// Beside it, in turn: the same program started by this process, and a delayed job, from its time on. The job is
// `date +%s%N`, which says when it ran.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runAlone } from './alone.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { percentile } from './measure.mjs';
import { DURABILITY, startWorker } from './queuectl.mjs';

const ROUNDS = 200;
const WARM_UP = 10;
const DELAY_MS = 100;

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
  return (await timeOfRun(queue, id)) - from;
}

/** @param {any} queue */
async function startedWhenDue(queue) {
  const dueAt = Date.now() + DELAY_MS;
  const { id } = await queue.enqueue({ command: ['date', '+%s%N'], run_at: dueAt });
  return (await timeOfRun(queue, id)) - dueAt;
}

/** @param {any} queue @param {string} id */
async function timeOfRun(queue, id) {
  let job;
  do {
    // Off the processors until the job is over, so that the wait is not part of the figure.
    await new Promise((resolve) => setTimeout(resolve, 20));
    job = await queue.get(id);
  } while (job.state !== 'completed');
  let text = '';
  for await (const record of queue.output(job, job.run))
    if ('bytes' in record) text += Buffer.from(record.bytes).toString();
  return toMs(text);
}

export async function measurePickup(rounds = ROUNDS) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  /** @type {{ ours: number[], spawn: number[], due: number[] }} */
  const times = { ours: [], spawn: [], due: [] };
  await inNewDirectoryAsync(async (home) => {
    const worker = await startWorker(home);
    const queue = await openQueue(home);
    for (let round = -WARM_UP; round < rounds; round++) {
      const [spawn, ours, due] = [await spawned(), await pickedUp(queue), await startedWhenDue(queue)];
      if (round < 0) continue;
      times.spawn.push(spawn);
      times.ours.push(ours);
      times.due.push(due);
    }
    await queue.close();
    await worker.stop();
  });
  const figure = (/** @type {readonly number[]} */ ms, /** @type {number} */ part) =>
    percentile(ms, part).toFixed(1);
  const row = (/** @type {readonly number[]} */ ms) => [figure(ms, 0.5), figure(ms, 0.99)];
  const more = (/** @type {readonly number[]} */ ms) =>
    [0.5, 0.99].map((part) => {
      const difference = percentile(ms, part) - percentile(times.spawn, part);
      return `${difference < 0 ? '-' : '+'} ${Math.abs(difference).toFixed(1)} ms`;
    });
  const [ours, due] = [more(times.ours), more(times.due)];
  return {
    title: `P4, from an enqueue's commit to the job's first instruction, ${rounds} rounds`,
    head: ['', 'p50 ms', 'p99 ms', 'durability'],
    rows: [
      ['a start by this process', ...row(times.spawn), 'none'],
      ['queuectl, an idle worker in another process', ...row(times.ours), DURABILITY],
      ['… a delayed job, from its time on', ...row(times.due), DURABILITY],
    ],
    summary: `P4 pickup: the spawn ${ours[0]} at p50, ${ours[1]} at p99; of a delayed job the spawn ${due[0]}, ${due[1]}`,
  };
}

await runAlone(import.meta.url, measurePickup);
