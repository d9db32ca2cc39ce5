// What a transaction that stays open does to a queue in PostgreSQL: it keeps dead rows, and their entries in the claim
// index, from being removed. node bench/postgres-bloat.mjs [SECONDS HELD] [JOBS A SECOND] [URL]
// The same work each second: jobs are stored, claimed and finished in batches of 50. Before, while and after the transaction
// is open: how long an exchange takes, how many pages the next claim has to look at, and how many dead rows there are.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeAll, openBareSession } from './bare-session.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { machine, median, percentile } from './measure.mjs';
import { inNewDatabase, startServer } from './postgres-server.mjs';
import { requireBuild } from './queuectl.mjs';
import { formatTable } from './table.mjs';

const pg = createRequire(import.meta.url)('pg');

const HELD_SECONDS = 600;
const JOBS_A_SECOND = 300;
const BATCH = 50;
const BEFORE_SECONDS = 60;
const AFTER_SECONDS = 60;
/** How many rows the table has, at most. */
const ROWS = 24;

/** The claim of one job of the first lane, as the exchange does it, without its locks. */
const NEXT = `
  EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)
  SELECT seq FROM queuectl.jobs WHERE queue = 'default' AND handler = '' AND state = 'pending'
  ORDER BY priority DESC, run_at, seq LIMIT 1`;

const SIZES = `
  SELECT n_dead_tup::integer AS dead, pg_total_relation_size(relid)::bigint AS bytes,
    pg_relation_size('queuectl.jobs_ready')::bigint AS ready_bytes
  FROM pg_stat_user_tables WHERE schemaname = 'queuectl' AND relname = 'jobs'`;

/** Stores, claims and finishes so many; the milliseconds of each exchange. @param {any} queue @param {any} session @param {number} jobs */
async function work(queue, session, jobs) {
  await queue.enqueueMany(Array.from({ length: jobs }, () => ({ command: 'true' })));
  return (await exchangeAll(queue.store, session, BATCH)).times;
}

/** @param {string} url */
async function look(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off');
  const { rows } = await client.query(NEXT);
  const { Plan: plan } = rows[0]['QUERY PLAN'][0];
  const [sizes] = (await client.query(SIZES)).rows;
  await client.end();
  return { pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], ...sizes };
}

/** @param {string} url @param {number} heldSeconds @param {number} jobs */
async function measure(url, heldSeconds, jobs) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  const queue = await openQueue(url);
  const session = await openBareSession(queue.store);
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  const begun = performance.now();
  const all = BEFORE_SECONDS + heldSeconds + AFTER_SECONDS;
  const every = Math.ceil(all / ROWS);
  const rows = [];
  /** @type {Record<string, number[]>} */
  const medians = { before: [], held: [], after: [] };
  /** @type {number[]} */
  let times = [];
  let done = 0;
  let since = begun;
  let phase = 'before';
  let lookAt = every;
  const elapsed = () => (performance.now() - begun) / 1000;
  for (let second = 1; elapsed() < all; second++) {
    const should =
      elapsed() < BEFORE_SECONDS ? 'before' : elapsed() < BEFORE_SECONDS + heldSeconds ? 'held' : 'after';
    if (should === 'held' && phase === 'before')
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM queuectl.meta');
    if (should === 'after' && phase === 'held') await holder.query('COMMIT');
    phase = should;
    times.push(...(await work(queue, session, jobs)));
    done += jobs;
    if (elapsed() >= lookAt) {
      lookAt += every;
      const now = performance.now();
      const { pages, dead, bytes, ready_bytes: readyBytes } = await look(url);
      medians[phase]?.push(median(times));
      rows.push([
        `${Math.round((now - begun) / 1000)} s, ${phase}`,
        ((done / (now - since)) * 1000).toFixed(0),
        median(times).toFixed(1),
        percentile(times, 0.99).toFixed(1),
        `${pages}`,
        `${dead}`,
        (Number(bytes) / 2 ** 20).toFixed(0),
        (Number(readyBytes) / 2 ** 20).toFixed(1),
      ]);
      console.error(rows.at(-1)?.join('  '));
      [times, done, since] = [[], 0, performance.now()];
    }
    const aheadMs = second * 1000 - (performance.now() - begun);
    if (aheadMs > 0) await sleep(aheadMs);
  }
  await holder.end();
  await queue.store.closeSession(session);
  await queue.close();
  return { rows, medians };
}

requireBuild();
const words = process.argv.slice(2);
const [held = HELD_SECONDS, jobs = JOBS_A_SECOND] = words.filter((word) => /^\d+$/.test(word)).map(Number);
const server = await startServer(words.find((word) => word.startsWith('postgres')));
if (server !== null) {
  try {
    const { rows, medians } = await inNewDirectoryAsync((home) => {
      process.env['QUEUECTL_HOME'] = home;
      return inNewDatabase(server, async (url) => {
        await query(url, 'SELECT 1');
        return measure(url, held, jobs);
      });
    });
    const head = [
      '',
      'jobs/s',
      'exchange ms',
      'p99',
      'pages of a claim',
      'dead rows',
      'jobs MiB',
      'claim index MiB',
    ];
    console.log(`${machine()}, PostgreSQL ${server.version}; a transaction open for ${held} s\n`);
    console.log(formatTable(head, rows));
    const at = (/** @type {string} */ phase) => medians[phase]?.at(-1) ?? NaN;
    const ratio = (/** @type {string} */ phase) => (at(phase) / at('before')).toFixed(1);
    console.log(
      `\nBloat: an exchange took ${ratio('held')} times as long at the end of an open transaction of ${held} s, ${ratio('after')} times ${AFTER_SECONDS} s after it`,
    );
  } finally {
    await server.stop();
  }
}
