// Our side of postgres-pickup.mjs: a worker in a process of its own. node pickup-queuectl.mjs - URL
// Each of the three prints "ready", and then the instant at which each job's handler began. Ends with its input.
const [, url = ''] = process.argv.slice(2);
const { openQueue, Worker } = await import(new URL('../dist/index.js', import.meta.url).href);

const queue = await openQueue(url);
const handlers = {
  tell: async () => {
    process.stdout.write(`${performance.timeOrigin + performance.now()}\n`);
  },
};
const worker = new Worker(queue, { slots: 1, handlers, commands: false });
process.stdin.on('end', () => worker.stop('now')).resume();
process.stdout.write('ready\n');
await worker.run();
await queue.close();
