// P8: in-process no-op jobs in a database on a server, from the claim to completed, one process. See postgres.mjs.
// Each side is a process of its own with a new database that it fills first; only the worker's time counts. Peers that
// commit each job by itself, or wait between batches, run fewer: their rate does not depend on how many there are.
import { inNewDirectory } from './child.mjs';
import { usPerJob } from './core.mjs';
import { inTurnAsync, median, pairwise } from './measure.mjs';
import { findNpmPeer } from './npm-peers.mjs';
import { inNewDatabase } from './postgres-server.mjs';

const GOALS = {
  'graphile-worker, batched': 1.5,
  'graphile-worker, plain': 15,
  'pg-boss, work()': 40,
  'pg-boss, fetch and complete': null,
};

const OURS = 'fsync per commit; fenced; history kept';
/** The workers of our process. */
const WORKERS = [
  { name: '64 slots', slots: 64, workers: 1 },
  { name: '500 slots', slots: 500, workers: 1 },
  { name: '1000 slots', slots: 1000, workers: 1 },
  { name: 'two workers of 1000 slots', slots: 1000, workers: 2 },
];

/**
 * What each side is called, what it keeps, and how it is run.
 *
 * @param {import('./postgres-server.mjs').Server} server
 * @param {number} jobs
 */
function findSides(server, jobs) {
  /** @type {Record<string, { durability: string, run: () => Promise<number> }>} */
  const sides = {};
  for (const { name, slots, workers } of WORKERS) {
    const args = (/** @type {string} */ url) => [url, `${jobs}`, `${slots}`, `${workers}`];
    const run = () =>
      inNewDatabase(server, async (url) =>
        inNewDirectory((home) => usPerJob('core-queuectl.mjs', args(url), jobs, { QUEUECTL_HOME: home })),
      );
    sides[`queuectl, ${name}`] = { durability: OURS, run };
  }
  /** @param {string} name @param {string} script @param {string} folder @param {string} mode @param {number} count @param {string} durability */
  const add = (name, script, folder, mode, count, durability) => {
    const run = () =>
      inNewDatabase(server, async (url) => usPerJob(script, [folder, url, `${count}`, mode], count));
    sides[name] = { durability, run };
  };
  const graphile = findNpmPeer('graphile-worker');
  if (graphile !== null) {
    const script = 'core-graphile-worker.mjs';
    const deletes = 'fsync per commit; not fenced; rows deleted, no history';
    add('graphile-worker, batched', script, graphile, 'batched', jobs, deletes);
    add('graphile-worker, plain', script, graphile, 'plain', Math.ceil(jobs / 10), deletes);
  }
  const boss = findNpmPeer('pg-boss');
  if (boss !== null) {
    const keeps = 'fsync per commit; not fenced; the job is kept, its runs are not';
    add('pg-boss, work()', 'core-pg-boss.mjs', boss, 'work', Math.ceil(jobs / 20), keeps);
    add('pg-boss, fetch and complete', 'core-pg-boss.mjs', boss, 'raw', jobs, keeps);
  }
  return sides;
}

/** @param {import('./postgres-server.mjs').Server} server @param {number} jobs @param {number} rounds */
export async function measurePostgresCore(server, jobs, rounds) {
  const sides = findSides(server, jobs);
  const runs = Object.fromEntries(Object.entries(sides).map(([name, { run }]) => [name, run]));
  const times = await inTurnAsync(runs, { rounds });
  const of = (/** @type {string} */ name) => times[name] ?? [];
  const byTime = WORKERS.map(({ name }) => name).toSorted(
    (a, b) => median(of(`queuectl, ${a}`)) - median(of(`queuectl, ${b}`)),
  );
  const [best] = byTime;
  const mine = of(`queuectl, ${best}`);
  const rows = [];
  const ratios = [];
  for (const [name, { durability }] of Object.entries(sides)) {
    const { median: ratio, range } = pairwise(of(name), mine, (theirs, ours) => theirs / ours);
    rows.push([name, (1e6 / median(of(name))).toFixed(0), `${ratio.toFixed(2)} (${range})`, durability]);
    const goal = Object.entries(GOALS).find(([peer]) => peer === name)?.[1];
    if (!name.startsWith('queuectl'))
      ratios.push(`${ratio.toFixed(1)} times ${name}${typeof goal === 'number' ? ` (goal: ${goal})` : ''}`);
  }
  return {
    title: `P8, ${jobs} in-process no-op jobs in PostgreSQL ${server.version}, one process, claim to completed, median of ${rounds} rounds`,
    head: ['', 'jobs/s', `queuectl with ${best} is … times as fast`, 'durability'],
    rows,
    summary: `P8 core: ${(1e6 / median(mine)).toFixed(0)} jobs/s, ${ratios.join(', ')}`,
  };
}
