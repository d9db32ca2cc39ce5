import { expect, test } from 'vitest';
import { cursorOf } from '../src/job/cursor.js';
import { JOB_DEFAULTS } from '../src/job/options.js';
import type { JobInput } from '../src/job/input.js';
import { openQueue } from '../src/open-queue.js';
import { Queue } from '../src/queue.js';
import { openStore } from '../src/store/open-store.js';
import type { InsertResult } from '../src/store/store.js';
import { openTestStore, owner, temporaryHome, TO, ended } from './support/stores.js';

async function openTestQueue(): Promise<Queue> {
  return new Queue(await openTestStore());
}

test('a job that was acknowledged is there for the next one who opens the queue', async () => {
  const home = temporaryHome();
  const first = await openQueue(home, { env: {} });
  const { id } = await first.enqueue({ command: 'true', id: 'kept' });
  await first.close();
  const second = await openQueue(home, { env: {} });
  expect(await second.get(id)).toMatchObject({ id: 'kept', state: 'pending' });
  await second.close();
  await second.close();
});

test("a queue's settings are the defaults of its jobs, and only of those that come later", async () => {
  const home = temporaryHome();
  const before = await openQueue(home, { env: {} });
  await before.enqueue({ id: 'before', command: 'true' });
  await before.close();
  const queue = await openQueue(home, { env: { QUEUECTL_MAX_RETRIES: '8', QUEUECTL_TIMEOUT: '1m' } });
  await queue.enqueue({ id: 'after', command: 'true' });
  expect(await queue.get('after')).toMatchObject({ maxRetries: 8, timeoutMs: 60_000 });
  expect(await queue.get('before')).toMatchObject({ maxRetries: 3, timeoutMs: null });
  await queue.close();
});

test('a queue without a location is in $QUEUECTL_HOME', async () => {
  const home = temporaryHome();
  const queue = await openQueue(undefined, { env: { QUEUECTL_HOME: home } });
  expect(queue.store.home).toBe(home);
  await queue.close();
});

test('a bad setting and a foreign URL are refused before anything is made', async () => {
  const home = temporaryHome();
  await expect(openQueue(home, { env: { QUEUECTL_JITTER: 'x' } })).rejects.toMatchObject({ code: 'usage' });
  for (const url of ['mysql://user:secret@host/db', 'http://x']) {
    const refused = openStore(url, { lockTimeoutMs: 0 });
    await expect(refused).rejects.toMatchObject({
      code: 'usage',
      message: expect.not.stringContaining('secret') as string,
    });
  }
});

test('a server that cannot be reached is told of without its password', async () => {
  // Nobody listens on the first port.
  const refused = openStore('postgres://user:secret@127.0.0.1:1/db', { lockTimeoutMs: 0 });
  await expect(refused).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.not.stringContaining('secret') as string,
  });
});

test('one bad job refuses them all', async () => {
  const queue = await openTestQueue();
  const batch = [{ command: 'true' }, { command: '' }];
  await expect(queue.enqueueMany(batch)).rejects.toMatchObject({ code: 'usage' });
  expect(await queue.counts()).toMatchObject({ pending: 0 });
});

test('an id that is stored is a conflict, or is let be', async () => {
  const queue = await openTestQueue();
  await queue.enqueue({ id: 'a', command: 'first' });
  await expect(queue.enqueue({ id: 'a', command: 'second' })).rejects.toMatchObject({ code: 'conflict' });
  expect(await queue.enqueue({ id: 'a', command: 'second' }, { onConflict: 'ignore' })).toEqual({
    outcome: 'exists',
    id: 'a',
  });
  expect((await queue.get('a')).command).toBe('first');
});

test('an unknown id is not found, and named so that a terminal cannot be harmed', async () => {
  const queue = await openTestQueue();
  for (const act of [
    (id: string) => queue.get(id),
    (id: string) => queue.retry(id),
    (id: string) => queue.retryDead(id),
    (id: string) => queue.cancel(id),
  ])
    await expect(act('no\nbody')).rejects.toMatchObject({ code: 'not_found', message: 'no job "no\\nbody"' });
});

test('a retry is for what has ended or waits; a retry of the dead for the dead alone', async () => {
  const queue = await openTestQueue();
  const { store } = queue;
  await queue.enqueueMany([{ command: 'a' }, { command: 'b' }]);
  const session = await store.openSession(owner({ slots: 2 }));
  const { claims } = await store.exchange(session, { running: [], finished: [], free: 2 });
  await expect(queue.retry('1')).rejects.toMatchObject({ code: 'conflict' });
  const finished = claims.map((job, n) => ended(job, n === 0 ? TO.dead : TO.completed));
  await store.exchange(session, { running: [], finished, free: 0 });
  await expect(queue.retryDead('2')).rejects.toMatchObject({ code: 'conflict' });
  expect(await queue.retryDead('1')).toMatchObject({ state: 'pending', attempts: 0 });
  expect(await queue.retry('2')).toMatchObject({ state: 'pending' });
  expect((await queue.latestRuns(await queue.list())).size).toBe(2);
});

test('a cancel ends what waits, asks what runs to end, and is refused where the job is over or it makes no sense', async () => {
  const queue = await openTestQueue();
  const { store } = queue;
  await queue.enqueueMany([{ command: 'a' }, { command: 'b' }]);
  await store.exchange(await store.openSession(owner()), { running: [], finished: [], free: 1 });
  expect(await queue.cancel('1', { signal: 'INT', grace: '3s', reason: 'why' })).toMatchObject({
    state: 'processing',
    cancel: { signal: 'SIGINT', graceMs: 3000, reason: 'cancelled by a person: why' },
  });
  expect(await queue.cancel('2')).toMatchObject({ state: 'cancelled', reason: 'cancelled by a person' });
  await expect(queue.cancel('2')).rejects.toMatchObject({ code: 'conflict' });
  await expect(queue.cancel('1', { grace: 'soon' })).rejects.toMatchObject({ code: 'usage' });
  expect(await queue.retry('2')).toMatchObject({ state: 'pending' });
});

test('input is checked without being stored', async () => {
  const queue = new Queue(await openTestStore(), { ...JOB_DEFAULTS, maxRetries: 6 });
  expect(queue.parse({ command: 'true' })).toMatchObject({ maxRetries: 6 });
  expect(await queue.list()).toEqual([]);
});

test('all jobs are listed page by page, each once, while others come and go', async () => {
  const queue = await openTestQueue();
  const many = 1203;
  await queue.enqueueMany(Array.from({ length: many }, (_, n) => ({ command: 'true', priority: n % 2 })));
  const seqs: number[] = [];
  for await (const job of queue.listAll({ states: ['pending'] })) {
    // What has been listed moves on, and more comes before the place that is reached.
    if (seqs.length % 500 === 0) {
      await queue.cancel(job.id);
      await queue.enqueue({ command: 'true', priority: 100 });
    }
    seqs.push(job.seq);
  }
  expect(seqs).toHaveLength(many);
  expect(new Set(seqs).size).toBe(many);
});

test('a page begins behind a job, or behind the place where it stood', async () => {
  const queue = await openTestQueue();
  await queue.enqueueMany(Array.from({ length: 4 }, () => ({ command: 'true' })));
  const [, second] = await queue.list({ limit: 2 });
  if (second === undefined) throw new Error('nothing was listed');
  const place = cursorOf(second);
  await queue.cancel(second.id);
  for (const after of [second, place])
    expect((await queue.list({ states: ['pending'], after })).map((job) => job.id)).toEqual(['3', '4']);
  await expect(queue.list({ states: ['dead'], after: place })).rejects.toMatchObject({ code: 'usage' });
});

async function* streamed(inputs: Iterable<JobInput>): AsyncGenerator<JobInput> {
  for (const input of inputs) yield input;
}

function manyJobs(count: number): JobInput[] {
  return Array.from({ length: count }, (_, n) => ({ command: 'true', id: `job-${n + 1}` }));
}

async function idsOf(batches: AsyncIterable<InsertResult[]>, ids: string[] = []): Promise<string[]> {
  for await (const results of batches) ids.push(...results.map((result) => result.id));
  return ids;
}

test.each([
  ['an iterable', (inputs: JobInput[]) => new Set(inputs)],
  ['an async iterable', streamed],
])('%s of jobs is stored in its order, a thousand at a time', async (_, source) => {
  const queue = await openTestQueue();
  const inputs = manyJobs(2500);
  const sizes: number[] = [];
  const ids: string[] = [];
  for await (const results of queue.enqueueStream(source(inputs))) {
    sizes.push(results.length);
    ids.push(...results.map((result) => result.id));
    expect(await queue.counts()).toMatchObject({ pending: ids.length });
  }
  expect(ids).toEqual(inputs.map((input) => input.id));
  expect(sizes).toEqual([1000, 1000, 500]);
});

test('no input is taken before its turn, and a caller that has seen enough stops the stream', async () => {
  const queue = await openTestQueue();
  let taken = 0;
  let closed = false;
  async function* source(): AsyncGenerator<JobInput> {
    try {
      for (;;) {
        taken += 1;
        yield { command: 'true' };
      }
    } finally {
      closed = true;
    }
  }
  for await (const results of queue.enqueueStream(source())) {
    expect(taken).toBe(results.length);
    break;
  }
  expect({ taken, closed }).toEqual({ taken: 1000, closed: true });
  expect(await queue.counts()).toMatchObject({ pending: 1000 });
});

test.each([
  ['a bad one', { command: '' }, { code: 'usage', message: 'input 1501: "command" is empty' }],
  [
    'a stored id',
    { command: 'true', id: 'job-7' },
    { code: 'conflict', message: 'input 1501: job "job-7" exists already' },
  ],
])('a stream stops at %s and names it; the jobs before it are stored and told of', async (_, bad, error) => {
  const queue = await openTestQueue();
  const before = manyJobs(1500);
  const ids: string[] = [];
  const all = [...before, bad, { command: 'true', id: 'after' }];
  await expect(idsOf(queue.enqueueStream(all), ids)).rejects.toMatchObject(error);
  expect(ids).toEqual(before.map((job) => job.id));
  expect(await queue.counts()).toMatchObject({ pending: 1500 });
});

test('a stream whose source fails stores what came before', async () => {
  const queue = await openTestQueue();
  async function* failing(): AsyncGenerator<JobInput> {
    yield* manyJobs(3);
    throw new Error('the source broke');
  }
  await expect(idsOf(queue.enqueueStream(failing()))).rejects.toThrow('the source broke');
  expect(await queue.counts()).toMatchObject({ pending: 3 });
});

test('a stream may be repeated by its ids', async () => {
  const queue = await openTestQueue();
  await idsOf(queue.enqueueStream(manyJobs(1200)));
  const again = await idsOf(queue.enqueueStream(manyJobs(1300), { onConflict: 'ignore' }));
  expect(again).toHaveLength(1300);
  expect(await queue.counts()).toMatchObject({ pending: 1300 });
});

test('jobs with large inputs are stored in smaller transactions', async () => {
  const queue = await openTestQueue();
  const large = Array.from({ length: 10 }, () => ({ command: 'cat', stdin: 'x'.repeat(1024 * 1024) }));
  const sizes: number[] = [];
  for await (const results of queue.enqueueStream(large)) sizes.push(results.length);
  expect(sizes).toEqual([4, 4, 2]);
});
