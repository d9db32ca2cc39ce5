// liteque's side of core.mjs, in a process of its own: node core-liteque.mjs FOLDER DATABASE JOBS
// Prints how many jobs ran and are gone, and how long that took from the start of its runner.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder = '', database = '', count = ''] = process.argv.slice(2);
const liteque = await import(pathToFileURL(join(folder, 'node_modules/liteque/dist/index.js')).href);
const { sql } = createRequire(join(folder, 'package.json'))('drizzle-orm');

const db = liteque.buildDBClient(database, { runMigrations: true });
const options = { defaultJobArgs: { numRetries: 2 }, keepFailedJobs: true };
const queue = new liteque.SqliteQueue('noop', db, options);
// It has no call for many; one transaction around them all spares it a commit each.
db.run(sql`BEGIN`);
for (let n = 0; n < Number(count); n++) await queue.enqueue({});
db.run(sql`COMMIT`);
let ran = 0;
const run = async () => {
  ran += 1;
};
const runner = new liteque.Runner(queue, { run }, { concurrency: 10, pollIntervalMs: 1, timeoutSecs: 60 });
const start = performance.now();
await runner.runUntilEmpty();
const ms = performance.now() - start;
const left = Object.values(await queue.stats()).reduce((sum, n) => sum + n, 0);
console.log(JSON.stringify({ ms, completed: ran - left }));
// It keeps a timer for each job's time limit.
process.exit();
