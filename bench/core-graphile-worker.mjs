// graphile-worker's side of postgres-core.mjs, in a process of its own: node core-graphile-worker.mjs FOLDER URL JOBS plain|batched
// Prints how many jobs ran and are gone, and how long that took from the start of its worker to its end.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', url = '', count = '', mode = ''] = process.argv.slice(2);
const fromFolder = createRequire(join(folder, 'package.json'));
const { Logger, makeWorkerUtils, runOnce } = fromFolder('graphile-worker');
const pg = fromFolder('pg');

const logger = new Logger(() => () => undefined);
const utils = await makeWorkerUtils({ connectionString: url, logger });
await utils.migrate();
await utils.addJobs(Array.from({ length: Number(count) }, () => ({ identifier: 'noop', payload: {} })));
await utils.release();
const client = new pg.Client(url);
await client.connect();
await client.query('VACUUM ANALYZE');
await client.query('CHECKPOINT');

let ran = 0;
const taskList = {
  noop: async () => {
    ran += 1;
  },
};
const batched = {
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};
const worker = { connectionString: url, concurrentJobs: 24, maxPoolSize: 25 };
const preset = { worker: { ...worker, logger, ...(mode === 'batched' && batched) } };
const start = performance.now();
await runOnce({ preset, taskList });
const ms = performance.now() - start;
// The last of its completions may still be on their way: its time is over all the same.
const left = async () => {
  const { rows } = await client.query('SELECT count(*)::integer AS n FROM graphile_worker.jobs');
  return rows[0].n;
};
const patience = performance.now() + 5000;
while ((await left()) > 0 && performance.now() < patience)
  await new Promise((resolve) => setTimeout(resolve, 20));
console.log(JSON.stringify({ ms, completed: ran - (await left()) }));
await client.end();
