// What a worker's exchange with PostgreSQL takes, without processes: finish a batch, with its history, and claim the next.
// See postgres.mjs.
import { exchangeAll, openBareSession } from './bare-session.mjs';
import { inNewDirectoryAsync } from './child.mjs';
import { inTurnAsync, median } from './measure.mjs';
import { inNewDatabase, query } from './postgres-server.mjs';

const SIZES = [1, 8, 64, 500];

/** Finishes and claims until the queue is empty; microseconds a job. @param {string} url @param {number} size @param {number} jobs */
async function usPerJob(url, size, jobs) {
  const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
  const queue = await openQueue(url);
  const { store } = queue;
  for (let n = 0; n < jobs; n += 1000)
    await queue.enqueueMany(Array.from({ length: Math.min(1000, jobs - n) }, () => ({ command: 'true' })));
  for (const sql of ['VACUUM ANALYZE', 'CHECKPOINT']) await query(url, sql);
  const session = await openBareSession(store);
  const start = performance.now();
  await exchangeAll(store, session, size);
  const ms = performance.now() - start;
  const { completed } = await queue.counts();
  if (completed !== jobs) throw new Error(`void: ${completed} of ${jobs} completed`);
  await store.closeSession(session);
  await queue.close();
  return (ms * 1000) / jobs;
}

/** @param {import('./postgres-server.mjs').Server} server @param {number} jobs @param {number} rounds */
export async function measurePostgresExchange(server, jobs, rounds) {
  const sides = Object.fromEntries(
    SIZES.map((size) => [
      `${size}`,
      () =>
        inNewDirectoryAsync((home) => {
          process.env['QUEUECTL_HOME'] = home;
          return inNewDatabase(server, (url) => usPerJob(url, size, Math.min(jobs, 200 * size)));
        }),
    ]),
  );
  const times = await inTurnAsync(sides, { rounds });
  const rates = SIZES.map((size) => (1e6 / median(times[`${size}`] ?? [])).toFixed(0));
  return {
    title: `Exchanges with PostgreSQL ${server.version}, one connection, median of ${rounds} rounds`,
    head: ['jobs in a batch', 'jobs/s'],
    rows: SIZES.map((size, index) => [`${size}`, rates[index] ?? '']),
    summary: `P8 exchange: ${SIZES.map((size, index) => `${rates[index]} jobs/s in batches of ${size}`).join(', ')}`,
  };
}
