/** `Queue.wait`, on a real store with a session in place of a worker. */
import { expect, test } from 'vitest';
import { Queue } from '../src/queue.js';
import type { Store } from '../src/store/store.js';
import { waitUntil } from './support/processes.js';
import { ended, insert, newJob, openTestStore, owner, TO } from './support/stores.js';

async function finishAll(store: Store, to: 'completed' | 'dead', count = 10_000): Promise<void> {
  const session = await store.openSession(owner());
  const { claims } = await store.exchange(session, { running: [], finished: [], free: count });
  await store.exchange(session, { running: [], finished: claims.map((job) => ended(job, TO[to])), free: 0 });
  await store.closeSession(session);
}

test('more jobs than one look takes: each end is told once, and counted', async () => {
  const store = await openTestStore();
  const jobs = Array.from({ length: 1300 }, (_, n) => newJob({ id: n % 2 === 0 ? null : `job-${n}` }));
  await store.insertJobs(jobs, 'error');
  const queue = new Queue(store);
  const told: string[] = [];
  const waiting = queue.wait('queue:default', { onEnd: ({ id }) => told.push(id) });
  await finishAll(store, 'completed', 700);
  await finishAll(store, 'dead');
  const { last, ...counts } = await waiting;
  expect(counts).toEqual({ how: 'over', total: 1300, completed: 700, otherwise: 600, gone: 0 });
  expect(new Set(told).size).toBe(1300);
  expect(told).toHaveLength(1300);
  expect(last?.id).toBe(told.at(-1));
});

test('jobs that are removed are gone, and keep nobody waiting', async () => {
  const store = await openTestStore();
  const queue = new Queue(store);
  const [a, b] = [await insert(store), await insert(store, { id: 'b' })];
  let looks = 0;
  const waiting = queue.wait(`${a.id},b`, { onLook: () => (looks += 1) });
  await waitUntil(() => looks > 0, { what: 'the first look' });
  await queue.changeMany([a.id, b.id], { act: 'remove' });
  expect(await waiting).toEqual({ how: 'over', total: 2, completed: 0, otherwise: 0, gone: 2, last: null });
});

test('a signal and a timeout end the wait, not the job', async () => {
  const store = await openTestStore();
  const queue = new Queue(store);
  const { id } = await insert(store);
  const stop = new AbortController();
  const waiting = queue.wait(id, { signal: stop.signal });
  stop.abort();
  expect(await waiting).toMatchObject({ how: 'aborted', total: 1, completed: 0 });
  expect(await queue.wait(id, { timeout: '20ms' })).toMatchObject({ how: 'timed_out' });
  expect((await queue.get(id)).state).toBe('pending');
});

test('what is bad is refused before anything is waited for', async () => {
  const queue = new Queue(await openTestStore());
  await expect(queue.wait('1')).rejects.toMatchObject({ code: 'not_found' });
  await expect(queue.wait('state:dead')).rejects.toMatchObject({ code: 'not_found' });
  await expect(queue.wait('stat:dead')).rejects.toMatchObject({ code: 'usage' });
  await expect(queue.wait('')).rejects.toMatchObject({ code: 'usage' });
  await expect(queue.wait('all', { timeout: 'soon' })).rejects.toMatchObject({ code: 'usage' });
});
