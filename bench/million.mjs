// A worker drains a million in-process jobs in one go. node bench/million.mjs [JOBS] [SLOTS] [STATUSES WHILE IDLE]
// Its rate and memory by tenths, and what others wait for meanwhile: `queuectl status`, and counts() in this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { runAlone } from './alone.mjs';
import { environment, inNewDirectoryAsync } from './child.mjs';
import { median, percentile } from './measure.mjs';
import { binary, queuectl } from './queuectl.mjs';

const JOBS = 1_000_000;
const SLOTS = 1000;
const IDLE_STATUSES = 100;
/** Reads of the counts between two starts of a process. */
const READS = 20;
const drainScript = fileURLToPath(new URL('million-drain.mjs', import.meta.url));

/** @typedef {{ ran: number, seconds: number, rssMb: number, walMb: number }} Tenth */
/** @typedef {{ node: number[], status: number[], counts: number[] }} Waits milliseconds */

/** @param {string} home @param {any} queue @param {number} jobs */
async function fillQueue(home, queue, jobs) {
  const inputs = (function* () {
    for (let n = 0; n < jobs; n++) yield { handler: 'noop' };
  })();
  for await (const stored of queue.enqueueStream(inputs)) void stored;
  checkIntegrity(home, 'before');
}

/** Milliseconds of one process. @param {string[]} args @param {string} home */
async function startToExit(args, home) {
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...environment, QUEUECTL_HOME: home },
    stdio: 'ignore',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`void: node ${args.join(' ')} exited with ${code}`);
  return performance.now() - start;
}

/** One look as a person takes it, some as a program does. @param {string} home @param {any} queue @param {Waits} waits */
async function look(home, queue, waits) {
  waits.node.push(await startToExit(['-e', '0'], home));
  waits.status.push(await startToExit([binary, 'status'], home));
  for (let n = 0; n < READS; n++) {
    const start = performance.now();
    await queue.counts();
    waits.counts.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** @returns {Waits} */
const noWaits = () => ({ node: [], status: [], counts: [] });

/** Throws unless the database is sound. @param {string} home @param {string} when */
function checkIntegrity(home, when) {
  const database = new DatabaseSync(join(home, 'queue.db'), { readOnly: true });
  const answer = database.prepare('PRAGMA integrity_check').all();
  database.close();
  const text = answer.map((row) => String(row['integrity_check'])).join('; ');
  if (text !== 'ok') throw new Error(`void: the database is damaged ${when} the drain: ${text}`);
}

/** Drains it, and looks on. @param {string} home @param {any} queue @param {number} jobs @param {number} slots */
async function drainAndLook(home, queue, jobs, slots) {
  const child = spawn(process.execPath, [drainScript, home, `${jobs}`, `${slots}`], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  /** @type {Tenth[]} */
  const tenths = [];
  let seconds = NaN;
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line);
      if (told.ready) child.stdin.end();
      else if (told.completed === undefined) tenths.push(told);
      else if (told.completed === jobs) ({ seconds } = told);
    }
  })();
  const waits = noWaits();
  while (child.exitCode === null && child.signalCode === null)
    if (tenths.length > 0) await look(home, queue, waits);
    else await new Promise((resolve) => setTimeout(resolve, 5));
  await reading;
  if (Number.isNaN(seconds)) throw new Error(`void: not all of ${jobs} jobs were completed`);
  return { tenths, seconds, waits };
}

export async function measureMillion(jobs = JOBS, slots = SLOTS, idleStatuses = IDLE_STATUSES) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  return inNewDirectoryAsync(async (home) => {
    const queue = await openQueue(home);
    await fillQueue(home, queue, jobs);
    queuectl(home, ['status']);
    const idle = noWaits();
    for (let n = 0; n < idleStatuses; n++) await look(home, queue, idle);
    const { tenths, seconds, waits } = await drainAndLook(home, queue, jobs, slots);
    await queue.close();
    checkIntegrity(home, 'after');
    return report(jobs, slots, tenths, seconds, idle, waits);
  });
}

/** @param {number} jobs @param {number} slots @param {Tenth[]} tenths @param {number} seconds @param {Waits} idle @param {Waits} busy */
function report(jobs, slots, tenths, seconds, idle, busy) {
  let before = { ran: 0, seconds: 0 };
  const rates = tenths.map((tenth) => {
    const rate = (tenth.ran - before.ran) / (tenth.seconds - before.seconds);
    before = tenth;
    return rate;
  });
  const rows = tenths.map(({ rssMb, walMb }, n) => [
    `tenth ${n + 1}`,
    `${rates[n]?.toFixed(0)} jobs/s`,
    `${rssMb.toFixed(0)} MB`,
    `${walMb.toFixed(1)} MB of log`,
  ]);
  /** @type {string[]} */
  const ratios = [];
  for (const name of /** @type {const} */ (['status', 'counts', 'node'])) {
    const at = (/** @type {number[]} */ ms) => [median(ms), percentile(ms, 0.99)];
    const [idle50 = NaN, idle99 = NaN] = at(idle[name]);
    const [busy50 = NaN, busy99 = NaN] = at(busy[name]);
    const label = { status: '`queuectl status`', counts: '`Queue.counts()`', node: '`node -e 0`' }[name];
    const both = (/** @type {number} */ p50, /** @type {number} */ p99) =>
      `${p50.toFixed(2)}, ${p99.toFixed(2)} ms`;
    rows.push([
      `${label}, p50, p99 while idle (${idle[name].length})`,
      both(idle50, idle99),
      `while draining (${busy[name].length}): ${both(busy50, busy99)}`,
      `times idle: ${(busy50 / idle50).toFixed(2)}, ${(busy99 / idle99).toFixed(2)}`,
    ]);
    ratios.push(`p99 of ${name} ${(busy99 / idle99).toFixed(2)} times idle`);
  }
  const last = ((rates.at(-1) ?? NaN) / (rates[0] ?? NaN)).toFixed(2);
  const [first, end] = [tenths[0]?.rssMb ?? NaN, tenths.at(-1)?.rssMb ?? NaN];
  return {
    title: `${jobs} in-process jobs in one go, ${slots} slots, ${seconds.toFixed(1)} s; PRAGMA integrity_check: ok`,
    head: ['', 'rate', 'memory', 'write-ahead log'],
    rows,
    summary:
      `million: ${(jobs / seconds).toFixed(0)} jobs/s, the last tenth ${last} times as fast as the first, ` +
      `memory ${first.toFixed(0)} MB after the first and ${end.toFixed(0)} MB after the last; ${ratios.join(', ')}`,
  };
}

await runAlone(import.meta.url, measureMillion);
