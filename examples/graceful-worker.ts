/**
 * A worker as a service. SIGTERM: it claims nothing more, and what runs may finish. A second one, or SIGINT: what runs is
 * told to end, and goes back to the queue, where the next worker finds it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue, Worker } from 'queuectl';

interface Jobs {
  crawl: { payload: { url: string; pages: number }; result: { pages: number } };
}

// A worker has all the time in the world: a database that is locked for long does not end it.
const queue = await openQueue<Jobs>(process.argv[2], { lockTimeoutMs: Infinity });
const worker = new Worker(queue, {
  slots: 50,
  commands: false,
  handlers: {
    crawl: async ({ id, payload: { url, pages } }, { signal }) => {
      console.log(`${id}: ${url}`);
      // Each step takes the signal, so that the job ends as soon as it is told to.
      for (let page = 1; page <= pages; page++) await sleep(20, undefined, { signal });
      return { pages };
    },
  },
});

let isStopping = false;
process.on('SIGTERM', () => {
  worker.stop(isStopping ? 'now' : 'gracefully');
  if (!isStopping) console.log('stopping; once more: now');
  isStopping = true;
});
process.on('SIGINT', () => worker.stop('now'));

console.log('waiting for jobs');
await worker.run();
await queue.close();
console.log('stopped');
