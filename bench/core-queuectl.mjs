// Our side of core.mjs and postgres-core.mjs, in a process of its own: node core-queuectl.mjs HOME|URL JOBS SLOTS [WORKERS]
// Prints how many jobs were completed, and how long their workers ran, all in this process: from their start to their end.
const [location = '', jobs = '', slots = '', workers = '1'] = process.argv.slice(2);
const { openQueue, Worker } = await import(new URL('../dist/index.js', import.meta.url).href);

const queue = await openQueue(location, { lockTimeoutMs: Infinity });
const inputs = Array.from({ length: Number(jobs) }, () => ({ handler: 'noop' }));
for (let at = 0; at < inputs.length; at += 1000) await queue.enqueueMany(inputs.slice(at, at + 1000));
if (location.startsWith('postgres:')) {
  const { query } = await import('./postgres-server.mjs');
  for (const sql of ['VACUUM ANALYZE', 'CHECKPOINT']) await query(location, sql);
}
const handlers = { noop: async () => undefined };
const options = { slots: Number(slots), handlers, commands: false, untilEmpty: true };
const all = Array.from({ length: Number(workers) }, () => new Worker(queue, options));
const start = performance.now();
await Promise.all(all.map((worker) => worker.run()));
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, completed: (await queue.counts()).completed }));
await queue.close();
