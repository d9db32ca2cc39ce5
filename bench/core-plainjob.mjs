// plainjob's side of core.mjs, in a process of its own: node core-plainjob.mjs FOLDER DATABASE JOBS NORMAL|FULL
// Prints how many jobs are done, and how long that took from the start of its worker.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder = '', database = '', count = '', durability = ''] = process.argv.slice(2);
const Database = createRequire(join(folder, 'package.json'))('better-sqlite3');
const plainjob = await import(pathToFileURL(join(folder, 'node_modules/plainjob/dist/plainjob.js')).href);

const ignore = () => undefined;
const logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const connection = plainjob.better(new Database(database));
const queue = plainjob.defineQueue({ connection, logger });
// It sets NORMAL itself.
connection.pragma(`synchronous = ${durability}`);
const jobs = Number(count);
for (let at = 0; at < jobs; at += 1000)
  queue.addMany(
    'noop',
    Array.from({ length: Math.min(1000, jobs - at) }, () => ({})),
  );
let done = 0;
const onCompleted = () => {
  done += 1;
  if (done === jobs) void worker.stop();
};
const worker = plainjob.defineWorker('noop', async () => undefined, { queue, logger, onCompleted });
const start = performance.now();
await worker.start();
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, completed: queue.countJobs({ status: plainjob.JobStatus.Done }) }));
queue.close();
