// Our side of core.mjs and postgres-core.mjs, in a process of its own: node core-queuectl.mjs HOME|URL JOBS SLOTS
// Prints how many jobs were completed, and how long their worker ran: from its session's start to its end.
const [location = '', jobs = '', slots = ''] = process.argv.slice(2);
const { openQueue, Worker } = await import(new URL('../dist/index.js', import.meta.url).href);

const queue = await openQueue(location, { lockTimeoutMs: Infinity });
const inputs = Array.from({ length: Number(jobs) }, () => ({ handler: 'noop' }));
for (let at = 0; at < inputs.length; at += 1000) await queue.enqueueMany(inputs.slice(at, at + 1000));
if (location.startsWith('postgres:')) {
  const { query } = await import('./postgres-server.mjs');
  for (const sql of ['VACUUM ANALYZE', 'CHECKPOINT']) await query(location, sql);
}
const handlers = { noop: async () => undefined };
const worker = new Worker(queue, { slots: Number(slots), handlers, commands: false, untilEmpty: true });
const start = performance.now();
await worker.run();
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, completed: (await queue.counts()).completed }));
await queue.close();
