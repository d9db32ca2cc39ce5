/** Jobs that a function of the program runs: the same promises as for commands, without a process. */
import { expect, test } from 'vitest';
import { Queue } from '../../src/queue.js';
import type { HandlerContext } from '../../src/worker/handlers.js';
import { Worker } from '../../src/worker/worker.js';
import { openTestStore } from '../support/stores.js';
import { openTestQueue, startWorker, storedText } from '../support/workers.js';

interface Jobs {
  add: { payload: { a: number; b: number }; result: number };
  wait: { payload: null; result: string };
}

async function openTypedQueue(): Promise<Queue<Jobs>> {
  return new Queue<Jobs>(await openTestStore());
}

test('a job runs with its payload, and what it returned is kept', async () => {
  const queue = await openTypedQueue();
  const { id } = await queue.enqueue({ handler: 'add', payload: { a: 2, b: 3 } });
  const seen: unknown[] = [];
  const worker = new Worker(queue, {
    slots: 1,
    commands: false,
    untilEmpty: true,
    handlers: {
      add: ({ id: jobId, run, payload: { a, b } }) => {
        seen.push(jobId, run);
        return a + b;
      },
    },
  });
  await worker.run();
  expect(seen).toEqual([id, 1]);
  expect(await queue.result<'add'>(id)).toBe(5);
  const job = await queue.get(id);
  expect(job).toMatchObject({ state: 'completed', command: null, exitCode: null, reason: null });
  expect(await queue.runs(job)).toMatchObject([
    { outcome: 'success', result: 5, outputBytes: 0, output: null },
  ]);
});

test('what it throws is a failed run, which is retried and then dead, with its trace as the output', async () => {
  const { queue, over } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'fail', max_retries: 2, backoff_base: 1 });
  startWorker(queue, {
    commands: false,
    handlers: {
      fail: async ({ attempts }) => {
        throw new RangeError(`no, ${attempts}\nand more`);
      },
    },
  });
  const job = await over(id);
  expect(job).toMatchObject({ state: 'dead', attempts: 2, reason: 'RangeError: no, 1' });
  const runs = await queue.runs(job);
  expect(runs.map((run) => run.reason)).toEqual(['RangeError: no, 0', 'RangeError: no, 1']);
  expect(storedText(runs[1])).toContain('handlers.test.ts');
  await expect(queue.result(id)).rejects.toMatchObject({ code: 'conflict' });
});

test.each([
  ['a function', (): unknown => (): void => undefined, 'TypeError: the result cannot be written as JSON'],
  ['a big integer', (): unknown => 10n, 'TypeError: Do not know how to serialize a BigInt'],
  ['too much', (): unknown => 'x'.repeat(2 ** 20), 'RangeError: the result is longer than 1 MiB'],
])('a result that cannot be kept (%s) is a failed run', async (_, result, reason) => {
  const { queue, over } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'odd', max_retries: 1 });
  startWorker(queue, { commands: false, handlers: { odd: result } });
  expect(await over(id)).toMatchObject({ state: 'dead', reason: expect.stringContaining(reason) as string });
});

test('a program takes the jobs of its own handlers alone, however many others wait before them', async () => {
  const { queue, over } = await openTestQueue();
  const others = Array.from({ length: 50 }, (_, n) => ({ handler: `other${n % 3}`, priority: 9 }));
  await queue.enqueueMany([...others, { command: 'true', priority: 9 }]);
  const { id } = await queue.enqueue({ handler: 'mine' });
  startWorker(queue, { commands: false, handlers: { mine: () => 'done' } });
  expect(await over(id)).toMatchObject({ state: 'completed' });
  expect(await queue.counts()).toMatchObject({ pending: 51, processing: 0, completed: 1 });
});

test('a worker without handlers leaves their jobs alone, and one with handlers runs commands, too', async () => {
  const { queue, over } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'mine' });
  const { id: command } = await queue.enqueue({ command: 'true' });
  const { worker, ended } = startWorker(queue);
  await over(command);
  worker.stop('gracefully');
  await ended;
  expect(await queue.get(id)).toMatchObject({ state: 'pending' });
  const { id: second } = await queue.enqueue({ command: 'true' });
  startWorker(queue, { handlers: { mine: () => undefined } });
  expect((await over(second)).state).toBe('completed');
  expect((await over(id)).state).toBe('completed');
});

/** Ends only when it is told to, and then returns as if nothing were wrong. */
const untilTold = async (_: unknown, { signal }: HandlerContext): Promise<string> => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  return 'too late';
};

test('a cancel tells the handler to end; whatever it returns then, the job is cancelled', async () => {
  const { queue, over } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'wait' });
  const { event } = startWorker(queue, { commands: false, handlers: { wait: untilTold } });
  await event('job.claimed');
  await queue.cancel(id);
  expect(await over(id)).toMatchObject({ state: 'cancelled', attempts: 0, reason: 'cancelled by a person' });
});

test('so does its time limit, which counts as a failed attempt', async () => {
  const { queue, over } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'wait', timeout: '20ms', max_retries: 1 });
  startWorker(queue, { commands: false, handlers: { wait: untilTold } });
  const job = await over(id);
  expect(job).toMatchObject({ state: 'dead', attempts: 1, reason: 'timed out after 20ms' });
  expect(await queue.runs(job)).toMatchObject([{ outcome: 'timeout', result: null }]);
});

test('a worker that stops now gives the job back, which counts nothing', async () => {
  const { queue } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'wait' });
  const reasons: unknown[] = [];
  const wait = async (job: unknown, context: HandlerContext): Promise<void> => {
    await untilTold(job, context);
    const { signal } = context;
    reasons.push((signal.reason as Error).name);
    signal.throwIfAborted();
  };
  const { worker, ended, event } = startWorker(queue, { commands: false, handlers: { wait } });
  await event('job.claimed');
  worker.stop('now');
  await ended;
  expect(await queue.get(id)).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, run: 1 });
  expect(reasons).toEqual(['AbortError']);
});

test('a graceful stop lets it finish', async () => {
  const { queue } = await openTestQueue();
  const { id } = await queue.enqueue({ handler: 'wait' });
  const gate = withResolvers<string>();
  const { worker, ended, event } = startWorker(queue, {
    commands: false,
    handlers: { wait: () => gate.promise },
  });
  await event('job.claimed');
  worker.stop('gracefully');
  gate.resolve('done');
  await ended;
  expect(await queue.get(id)).toMatchObject({ state: 'completed' });
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

test('never more run at once than there are slots, and each job once', async () => {
  const { queue } = await openTestQueue();
  await queue.enqueueMany(Array.from({ length: 1000 }, (_, n) => ({ handler: 'count', payload: n })));
  const ran: unknown[] = [];
  let running = 0;
  let most = 0;
  const worker = new Worker(queue, {
    slots: 7,
    commands: false,
    untilEmpty: true,
    handlers: {
      count: async ({ payload }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        ran.push(payload);
        running -= 1;
      },
    },
  });
  await worker.run();
  expect(most).toBe(7);
  expect(ran.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 1000 }, (_, n) => n));
});

test('a name that no job can have is refused', async () => {
  const { queue } = await openTestQueue();
  expect(() => new Worker(queue, { slots: 1, handlers: { 'not a name': () => 1 } })).toThrow(
    /the handler's name/,
  );
});

test("a payload is each run's own: what one changes, no other sees", async () => {
  const { queue, over } = await openTestQueue();
  const inputs = Array.from({ length: 3 }, () => ({ handler: 'take', payload: { list: [1, 2] } }));
  await queue.enqueueMany(inputs);
  const seen: number[] = [];
  startWorker(queue, {
    commands: false,
    slots: 3,
    handlers: {
      take: ({ payload }) => {
        const { list } = payload as { list: number[] };
        seen.push(list.length);
        list.pop();
      },
    },
  });
  for (const id of ['1', '2', '3']) await over(id);
  expect(seen).toEqual([2, 2, 2]);
});
