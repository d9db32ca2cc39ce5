// plainjob's side of bulk.mjs, in a process of its own: node plainjob-bulk.mjs FOLDER DATABASE FILE
// Prints how many jobs it has then, and how long its addMany took without the reading.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder = '', database = '', file = ''] = process.argv.slice(2);
const Database = createRequire(join(folder, 'package.json'))('better-sqlite3');
const plainjob = await import(pathToFileURL(join(folder, 'node_modules/plainjob/dist/plainjob.js')).href);

const ignore = () => undefined;
const logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const queue = plainjob.defineQueue({ connection: plainjob.better(new Database(database)), logger });
const jobs = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const start = performance.now();
for (let at = 0; at < jobs.length; at += 1000) queue.addMany('shell', jobs.slice(at, at + 1000));
const addManyMs = performance.now() - start;
console.log(JSON.stringify({ addManyMs, jobs: queue.countJobs() }));
queue.close();
