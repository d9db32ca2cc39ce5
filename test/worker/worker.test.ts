import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Worker } from '../../src/worker/worker.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { openTestQueue, startWorker, storedText } from '../support/workers.js';

test('a job runs, and how it ended and what it printed is kept', async () => {
  const { queue, over } = await openTestQueue();
  startWorker(queue);
  const { id } = await queue.enqueue({ command: 'echo out; echo err >&2' });
  const job = await over(id);
  expect(job).toMatchObject({
    state: 'completed',
    run: 1,
    attempts: 0,
    exitCode: 0,
    signal: null,
    reason: null,
  });
  const [run, ...others] = await queue.runs(job);
  expect(others).toEqual([]);
  expect(run).toMatchObject({ outcome: 'success', exitCode: 0, outputBytes: 8 });
  expect(storedText(run)).toBe('out\nerr\n');
});

test('a worker that waits is woken by the enqueue, long before it would look by itself', async () => {
  const { queue, over } = await openTestQueue();
  const { event } = startWorker(queue, { pollIntervalMs: 3_600_000 });
  await event('worker.polling');
  await waitUntil(async () => (await queue.workers()).length === 1, { what: 'the session' });
  const { id } = await queue.enqueue({ command: 'true' });
  // In vain where nobody rang: it waits for a minute.
  expect(await over(id)).toMatchObject({ state: 'completed' });
});

test('a failing job is tried again after its wait, and dead when its attempts are used up', async () => {
  const { queue, over } = await openTestQueue();
  const { events } = startWorker(queue);
  const { id } = await queue.enqueue({ command: 'exit 3', max_retries: 3, backoff_base: 1.1 });
  const job = await over(id);
  expect(job).toMatchObject({ state: 'dead', attempts: 3, run: 3, exitCode: 3, reason: 'exit code 3' });
  const runs = await queue.runs(job);
  expect(runs.map((run) => run.outcome)).toEqual(['failure', 'failure', 'failure']);
  const waits = runs.slice(1).map((run, n) => run.startedAtMs - (runs[n]?.finishedAtMs ?? 0));
  expect(waits[0]).toBeGreaterThanOrEqual(1100);
  expect(waits[1]).toBeGreaterThanOrEqual(1210);
  expect(events.filter((event) => event.event === 'job.failed')).toMatchObject([
    { delayMs: 1100 },
    { delayMs: 1210 },
  ]);
});

test('as many jobs run at once as there are slots, each in a slot of its own', async () => {
  const { queue, over, path } = await openTestQueue();
  const { events } = startWorker(queue, { slots: 3 });
  const met = path('met');
  const meet = `touch ${met}.$QUEUECTL_JOB_ID; while [ $(ls ${met}.* | wc -l) -lt 3 ]; do sleep 0.02; done`;
  const inserted = await queue.enqueueMany([{ command: meet }, { command: meet }, { command: meet }]);
  for (const { id } of inserted) expect((await over(id)).state).toBe('completed');
  const slots = events.flatMap((event) => (event.event === 'job.claimed' ? event.slot : []));
  expect(slots.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
});

test('until empty: it ends when nothing is pending, processing or waits for a retry', async () => {
  const { queue } = await openTestQueue();
  const { id } = await queue.enqueue({ command: 'test $QUEUECTL_RUN = 2', max_retries: 2, backoff_base: 1 });
  await queue.enqueue({ command: 'true', delay: '1h' });
  const { ended } = startWorker(queue, { untilEmpty: true });
  await ended;
  expect(await queue.get(id)).toMatchObject({ state: 'completed', run: 2, attempts: 1 });
  expect(await queue.counts()).toMatchObject({ scheduled: 1, completed: 1 });
  expect(await queue.workers()).toEqual([]);
});

test('a graceful stop finishes what runs and claims nothing more', async () => {
  const { queue, path, pid } = await openTestQueue();
  const { worker, ended, events } = startWorker(queue);
  const { id } = await queue.enqueue({
    command: `echo $$ > ${path('pid')}; while [ ! -e ${path('go')} ]; do sleep 0.02; done`,
  });
  const next = await queue.enqueue({ command: 'true' });
  await pid('pid');
  worker.stop('gracefully');
  expect((await queue.get(id)).state).toBe('processing');
  writeFileSync(path('go'), '');
  await ended;
  expect(await queue.get(id)).toMatchObject({ state: 'completed', run: 1 });
  expect((await queue.get(next.id)).state).toBe('pending');
  expect(events.at(-1)).toEqual({ event: 'worker.stopped', slot: 1 });
  expect(await queue.workers()).toEqual([]);
});

test('a stop asked through the store is a graceful one, and reaches an idle worker at once', async () => {
  const { queue } = await openTestQueue();
  const { ended, event, events } = startWorker(queue, { pollIntervalMs: 3_600_000 });
  await event('worker.polling');
  await waitUntil(async () => (await queue.stopWorkers()) === 1, { what: 'the session' });
  await ended;
  expect(events.filter((each) => each.event === 'worker.stopping')).toMatchObject([{ now: false }]);
});

test('a stop now ends what runs and gives it back, which counts nothing', async () => {
  const { queue, path, pid } = await openTestQueue();
  const { worker, ended } = startWorker(queue);
  const { id } = await queue.enqueue({ command: `echo $$ > ${path('pid')}; exec sleep 60` });
  const jobPid = await pid('pid');
  worker.stop('now');
  await ended;
  expect(isAlive(jobPid)).toBe(false);
  const job = await queue.get(id);
  expect(job).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, run: 1 });
  expect((await queue.runs(job)).map((run) => run.outcome)).toEqual(['given_back']);
});

test('a stop now waits a second for a job that ignores TERM, not for the whole grace', async () => {
  const { queue, path, pid } = await openTestQueue();
  const { worker, ended } = startWorker(queue);
  await queue.enqueue({
    command: `trap '' TERM; echo $$ > ${path('pid')}; while :; do sleep 0.1; done`,
    grace: '1h',
  });
  const jobPid = await pid('pid');
  worker.stop('now');
  await ended;
  expect(isAlive(jobPid)).toBe(false);
  expect(await queue.counts()).toMatchObject({ pending: 1 });
});

test('a second worker takes over what the first gave back', async () => {
  const { queue, path, pid, over } = await openTestQueue();
  const first = startWorker(queue);
  const { id } = await queue.enqueue({
    command: `test $QUEUECTL_RUN = 2 || { echo $$ > ${path('pid')}; exec sleep 60; }`,
  });
  await pid('pid');
  first.worker.stop('now');
  await first.ended;
  startWorker(queue);
  expect(await over(id)).toMatchObject({ state: 'completed', run: 2 });
});

test('a worker has the name that it was given, or one that is free, and only one that may be', async () => {
  const { queue } = await openTestQueue();
  const first = startWorker(queue, { name: 'mail' });
  expect(await first.event('worker.named')).toMatchObject({ name: 'mail' });
  expect((await queue.workers()).map(({ name }) => name)).toEqual(['mail']);
  await expect(new Worker(queue, { slots: 1, name: 'mail' }).run()).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(() => new Worker(queue, { slots: 1, name: 'a/b' })).toThrow('the name of a worker must be');
  expect((await queue.workers()).map(({ name }) => name)).toEqual(['mail']);
});

test('after a stop, what outlasts the drain timeout is ended with its own grace and given back', async () => {
  const { queue, path, said } = await openTestQueue();
  const command = `trap 'sleep 1.2; echo cleaned up > ${path('trapped')}; exit 1' TERM
    echo > ${path('begun')}; sleep 600 & wait`;
  await queue.enqueue({ command });
  const { worker, ended, events } = startWorker(queue, { drainTimeoutMs: 50 });
  await waitUntil(() => said('begun') !== null, { what: 'the job to begin' });
  worker.stop('gracefully');
  await ended;
  expect(said('trapped')).toBe('cleaned up');
  const stops = events.flatMap((event) => (event.event === 'worker.stopping' ? [event.now] : []));
  expect(stops).toEqual([false, true]);
  expect(await queue.get('1')).toMatchObject({ state: 'pending', attempts: 0, crashes: 0 });
});

test('a stop that another process hastens ends what runs with its own grace, and gives it back', async () => {
  const { queue, path, said } = await openTestQueue();
  await queue.enqueue({ command: `echo > ${path('begun')}; sleep 600` });
  const { ended, event } = startWorker(queue);
  await waitUntil(() => said('begun') !== null, { what: 'the job to begin' });
  await queue.stopWorkers();
  await event('worker.stopping');
  expect(await queue.stopWorkers('now')).toBe(1);
  await ended;
  expect(await queue.get('1')).toMatchObject({ state: 'pending', attempts: 0, crashes: 0 });
});
