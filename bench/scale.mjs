// P6: what many rows cost those who do not ask for them. node bench/scale.mjs [COMPLETED] [SCHEDULED] [DEAD] [ROUNDS]
// Two homes in turn: one with so many jobs, one with a few of each, so that lists print the same number of rows.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runAlone } from './alone.mjs';
import { exchangeAll, openBareSession } from './bare-session.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { fill } from './fill.mjs';
import { median, pairwise } from './measure.mjs';
import { queuectl } from './queuectl.mjs';

const ROUNDS = 7;
const FEW = { completed: 200, scheduled: 200, dead: 200 };
const DRAINED = 150;
const IN_BULK = 3000;
const BATCH = 100;

/** What a person waits for. @type {Record<string, string[]>} */
const COMMANDS = {
  enqueue: ['enqueue', '{"command":"true"}'],
  status: ['status'],
  list: ['list', '--state', 'completed'],
  'dlq list': ['dlq', 'list'],
};

/** Milliseconds for shell jobs, from the start of the worker to its exit. @param {string} home */
function drainTrue(home) {
  queuectl(home, ['enqueue', '-f', '-'], '{"command":"true"}\n'.repeat(DRAINED));
  const { ms } = queuectl(home, ['worker', 'start', '--count', '2', '--until-empty']);
  const { pending, processing } = JSON.parse(queuectl(home, ['status', '--json']).stdout).jobs;
  if (pending + processing > 0) throw new Error('void: the queue was not drained');
  return ms;
}

/** Bulk enqueue, then claim and finish without processes, at so many a transaction. @param {any} queue */
async function withoutProcesses(queue) {
  const { store } = queue;
  const session = await openBareSession(store);
  let from = performance.now();
  for (let n = 0; n < IN_BULK; n += BATCH)
    await queue.enqueueMany(Array.from({ length: BATCH }, () => ({ command: 'true' })));
  const enqueueMs = performance.now() - from;
  from = performance.now();
  const { jobs: done } = await exchangeAll(store, session, BATCH);
  const exchangeMs = performance.now() - from;
  await store.closeSession(session);
  if (done < IN_BULK) throw new Error(`void: ${done} of ${IN_BULK} jobs were claimed`);
  return { enqueueMs, exchangeMs };
}

/** All of it once, in one home; milliseconds by name. @param {string} home @param {any} queue */
async function once(home, queue) {
  /** @type {Record<string, number>} */
  const ms = {};
  for (const [name, words] of Object.entries(COMMANDS)) ms[name] = queuectl(home, words).ms;
  ms['drain'] = drainTrue(home);
  const { enqueueMs, exchangeMs } = await withoutProcesses(queue);
  return { ...ms, 'enqueue in bulk': enqueueMs, 'claim and finish': exchangeMs };
}

export async function measureScale(completed = 1e6, scheduled = 1e6, dead = 1e5, rounds = ROUNDS) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  return inNewDirectoryAsync(async (directory) => {
    const sides = [];
    let bytes = 0;
    for (const [name, sizes] of Object.entries({ few: FEW, many: { completed, scheduled, dead } })) {
      const home = join(directory, name);
      mkdirSync(home, { mode: 0o700 });
      const queue = await openQueue(home);
      fill(home, sizes);
      bytes = statSync(join(home, 'queue.db')).size;
      sides.push({ home, queue, times: /** @type {Record<string, number>[]} */ ([]) });
    }
    for (let round = -1; round < rounds; round++) {
      for (const { home, queue, times } of sides) {
        const ms = await once(home, queue);
        if (round >= 0) times.push(ms);
      }
    }
    for (const { queue } of sides) await queue.close();
    const [few, many] = sides.map(({ times }) => times);
    return report(few ?? [], many ?? [], { completed, scheduled, dead }, bytes);
  });
}

/**
 * @param {Record<string, number>[]} few
 * @param {Record<string, number>[]} many
 * @param {import('./fill.mjs').Sizes} sizes
 * @param {number} bytes
 */
function report(few, many, sizes, bytes) {
  const rows = [];
  const ratios = [];
  for (const name of Object.keys(few[0] ?? {})) {
    const [a, b] = [few, many].map((times) => times.map((ms) => ms[name] ?? NaN));
    const { median: ratio, range } = pairwise(a ?? [], b ?? [], (x, y) => x / y);
    rows.push([
      name,
      median(a ?? []).toFixed(1),
      median(b ?? []).toFixed(1),
      `${ratio.toFixed(2)} (${range})`,
    ]);
    ratios.push(`${name} ${ratio.toFixed(2)}`);
  }
  const { completed, scheduled, dead } = sizes;
  return {
    title: `P6, with ${completed} completed, ${scheduled} scheduled and ${dead} dead jobs (${(bytes / 2 ** 20).toFixed(0)} MiB) beside a few of each, ${few.length} rounds`,
    head: ['', 'ms with few', 'ms with many', 'many is … times as fast'],
    rows,
    summary: `P6 scale: ${ratios.join(', ')}`,
  };
}

await runAlone(import.meta.url, measureScale);
