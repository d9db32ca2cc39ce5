// pg-boss's side of postgres-core.mjs, in a process of its own: node core-pg-boss.mjs FOLDER URL JOBS work|raw
// Prints how many jobs are completed, and how long that took.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', url = '', count = '', mode = ''] = process.argv.slice(2);
const fromFolder = createRequire(join(folder, 'package.json'));
const PgBoss = fromFolder('pg-boss');
const pg = fromFolder('pg');

const WORKERS = 4;
const RAW_BATCH = 5000;

const jobs = Number(count);
const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
boss.on('error', (/** @type {Error} */ error) => console.error(error.message));
await boss.start();
await boss.createQueue('noop');
for (let at = 0; at < jobs; at += 1000)
  await boss.insert(Array.from({ length: Math.min(1000, jobs - at) }, () => ({ name: 'noop' })));
const client = new pg.Client(url);
await client.connect();
await client.query('VACUUM ANALYZE');
await client.query('CHECKPOINT');

const start = performance.now();
await (mode === 'raw' ? fetchAndComplete() : work());
const ms = performance.now() - start;
const { rows } = await client.query(
  `SELECT count(*)::integer AS n FROM pgboss.job WHERE name = 'noop' AND state = 'completed'`,
);
console.log(JSON.stringify({ ms, completed: rows[0].n }));
await client.end();
await boss.stop({ graceful: false });

async function fetchAndComplete() {
  for (;;) {
    const batch = await boss.fetch('noop', { batchSize: RAW_BATCH });
    if (batch.length === 0) return;
    await boss.complete(
      'noop',
      batch.map((/** @type {{ id: string }} */ { id }) => id),
    );
  }
}

/** Ends when the handlers have seen all jobs; the last batch is completed right after that. */
async function work() {
  let ran = 0;
  const options = { batchSize: 64, pollingIntervalSeconds: 0.5 };
  await new Promise((resolve) => {
    const handle = async (/** @type {unknown[]} */ batch) => {
      ran += batch.length;
      if (ran === jobs) resolve(undefined);
    };
    for (let n = 0; n < WORKERS; n++) void boss.work('noop', options, handle);
  });
  const left = `SELECT count(*)::integer AS n FROM pgboss.job WHERE name = 'noop' AND state <> 'completed'`;
  while ((await client.query(left)).rows[0].n > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
