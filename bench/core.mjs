// P2: in-process no-op jobs, from the claim to completed, one process. node bench/core.mjs [JOBS] [ROUNDS] [JOBS OF PEERS]
// Each side is a process of its own that fills its queue first; only the worker's time counts. Peers run fewer jobs:
// they commit each by itself, at a rate that does not depend on how many there are.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAlone } from './alone.mjs';
import { inNewDirectory, run } from './child.mjs';
import { inTurn, median, pairwise } from './measure.mjs';
import { findNpmPeer } from './npm-peers.mjs';

const JOBS = 100_000;
const ROUNDS = 5;
const PEER_JOBS = 5000;
const GOAL = { rate: 50_000, timesPlainjob: 8 };

/**
 * Runs a side's script; microseconds a job. Throws unless all were completed.
 *
 * @param {string} name
 * @param {string[]} args
 * @param {number} jobs
 * @param {Record<string, string>} [env]
 */
export function usPerJob(name, args, jobs, env = {}) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const { ms, completed } = JSON.parse(run(process.execPath, [script, ...args], { env }).stdout);
  if (completed !== jobs) throw new Error(`void: ${name} completed ${completed} of ${jobs} jobs`);
  return (ms * 1000) / jobs;
}

/** What each side is called, what it keeps, and how it is run. @param {number} jobs @param {number} peerJobs */
function findSides(jobs, peerJobs) {
  const ours = (/** @type {number} */ slots) => () =>
    inNewDirectory((home) => usPerJob('core-queuectl.mjs', [home, `${jobs}`, `${slots}`], jobs));
  /** @type {Record<string, { durability: string, run: () => number }>} */
  const sides = {
    'queuectl, 500 slots': { durability: 'fsync per commit; history kept', run: ours(500) },
    'queuectl, 1000 slots': { durability: 'the same', run: ours(1000) },
  };
  const peer =
    (/** @type {string} */ script, /** @type {string} */ folder, /** @type {string[]} */ more) => () =>
      inNewDirectory((home) =>
        usPerJob(script, [folder, join(home, 'queue.db'), `${peerJobs}`, ...more], peerJobs),
      );
  const plainjob = findNpmPeer('plainjob');
  if (plainjob !== null) {
    const durability = 'page cache (its default); history kept';
    sides['plainjob at NORMAL'] = { durability, run: peer('core-plainjob.mjs', plainjob, ['NORMAL']) };
    sides['plainjob at FULL'] = {
      durability: 'fsync per commit; history kept',
      run: peer('core-plainjob.mjs', plainjob, ['FULL']),
    };
  }
  const liteque = findNpmPeer('liteque');
  if (liteque !== null)
    sides['liteque'] = {
      durability: 'page cache; completed jobs removed',
      run: peer('core-liteque.mjs', liteque, []),
    };
  return sides;
}

/** @param {number} jobs @param {number} rounds @param {number} peerJobs */
export function measureCore(jobs = JOBS, rounds = ROUNDS, peerJobs = PEER_JOBS) {
  const sides = findSides(jobs, peerJobs);
  const runs = Object.fromEntries(Object.entries(sides).map(([name, { run: once }]) => [name, once]));
  const times = inTurn(runs, { rounds });
  const of = (/** @type {string} */ name) => times[name] ?? [];
  const best = median(of('queuectl, 500 slots')) < median(of('queuectl, 1000 slots')) ? 500 : 1000;
  const mine = of(`queuectl, ${best} slots`);
  const rate = (/** @type {readonly number[]} */ us) => 1e6 / median(us);
  const rows = [];
  const ratios = [];
  for (const [name, { durability }] of Object.entries(sides)) {
    const { median: ratio, range } = pairwise(of(name), mine, (theirs, ours) => theirs / ours);
    rows.push([name, rate(of(name)).toFixed(0), `${ratio.toFixed(2)} (${range})`, durability]);
    if (!name.startsWith('queuectl')) ratios.push(`${ratio.toFixed(1)} times ${name}`);
  }
  const goal = `goal: ${GOAL.rate} jobs/s, ${GOAL.timesPlainjob} times plainjob at NORMAL`;
  return {
    title: `P2, ${jobs} in-process no-op jobs (${peerJobs} of each peer), claim to completed, median of ${rounds} rounds`,
    head: ['', 'jobs/s', `queuectl with ${best} slots is … times as fast`, 'durability'],
    rows,
    summary: [`P2 core: ${rate(mine).toFixed(0)} jobs/s`, ...ratios].join(', ') + ` (${goal})`,
  };
}

await runAlone(import.meta.url, measureCore);
