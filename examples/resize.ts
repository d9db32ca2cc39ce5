/** Handlers with typed payloads and results: a program that enqueues, drains, and reads what came of it. */
import { openQueue, Worker } from 'queuectl';

interface Jobs {
  resize: {
    payload: { width: number; height: number; to: number };
    result: { width: number; height: number };
  };
  report: { payload: { title: string }; result: string };
}

const queue = await openQueue<Jobs>(process.argv[2]);

const stored = await queue.enqueueMany([
  { handler: 'resize', payload: { width: 4000, height: 3000, to: 800 } },
  { handler: 'resize', payload: { width: 1000, height: 2000, to: 100 }, priority: 1, timeout: '30s' },
  { handler: 'report', payload: { title: 'pictures' } },
]);

const worker = new Worker(queue, {
  slots: 4,
  commands: false,
  untilEmpty: true,
  handlers: {
    resize: ({ payload: { width, height, to } }) => {
      if (width <= 0) throw new RangeError('an image has a width');
      return { width: to, height: Math.round((height * to) / width) };
    },
    report: async ({ id, payload }) => `${payload.title}: job ${id}`,
  },
});
await worker.run();

const [first, second, report] = stored.map(({ id }) => id);
for (const id of [first, second]) {
  const { width, height } = await queue.result<'resize'>(id ?? '');
  console.log(`${width} x ${height}`);
}
console.log(await queue.result<'report'>(report ?? ''));
await queue.close();
