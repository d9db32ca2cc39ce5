/** How a worker of handlers and its store take turns. */
import { expect, test } from 'vitest';
import type { AnyHandlers } from '../../src/job/input.js';
import type { Queue } from '../../src/queue.js';
import type { Handler } from '../../src/worker/handlers.js';
import { Worker } from '../../src/worker/worker.js';
import { openTestQueue } from '../support/workers.js';

type TestHandler = Handler<AnyHandlers[string]>;

async function enqueueToCount(queue: Queue, jobs: number): Promise<void> {
  for (let n = 0; n < jobs; n += 1000)
    await queue.enqueueMany(Array.from({ length: 1000 }, () => ({ handler: 'count' })));
}

test('hundreds of handlers run while the store takes the ends of others, each job once', async () => {
  const { queue } = await openTestQueue();
  const [slots, jobs] = [400, 2000];
  await enqueueToCount(queue, jobs);
  const began = new Map<number, number>();
  let most = 0;
  let running = 0;
  const count: TestHandler = async ({ seq }) => {
    running += 1;
    most = Math.max(most, running);
    began.set(seq, (began.get(seq) ?? 0) + 1);
    await Promise.resolve();
    running -= 1;
  };
  const { store } = queue;
  const exchange = store.exchange.bind(store);
  let meanwhile = 0;
  store.exchange = async (session, request) => {
    const before = began.size;
    const answer = await exchange(session, request);
    // As a store does that is asked over a network.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (request.finished.length > 0) meanwhile += began.size - before;
    return answer;
  };
  await new Worker(queue, { slots, commands: false, untilEmpty: true, handlers: { count } }).run();
  expect(began.size).toBe(jobs);
  expect(Math.max(...began.values())).toBe(1);
  expect(most).toBeLessThanOrEqual(slots);
  expect(meanwhile).toBeGreaterThan(0);
  expect(await queue.counts()).toMatchObject({ completed: jobs, processing: 0, pending: 0 });
});

test('several workers of one program share a queue: each job runs once, and one stops without the others', async () => {
  const { queue } = await openTestQueue();
  const jobs = 2000;
  await enqueueToCount(queue, jobs);
  const began = new Map<number, number>();
  const workers: Worker[] = [];
  const count: TestHandler = async ({ seq }) => {
    began.set(seq, (began.get(seq) ?? 0) + 1);
    if (began.size === jobs / 2) workers[0]?.stop('gracefully');
    await Promise.resolve();
  };
  const options = { slots: 100, commands: false, untilEmpty: true, handlers: { count } };
  workers.push(...Array.from({ length: 3 }, () => new Worker(queue, options)));
  await Promise.all(workers.map((worker) => worker.run()));
  expect(began.size).toBe(jobs);
  expect(Math.max(...began.values())).toBe(1);
  expect(await queue.counts()).toMatchObject({ completed: jobs, processing: 0, pending: 0 });
  expect(await queue.store.listSessions()).toEqual([]);
});
