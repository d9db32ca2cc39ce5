/** How a worker learns that a person wants one of its jobs to end, and what it makes of it. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
import type { Launcher } from '../../src/launcher/launcher.js';
import { runInForeground } from '../../src/worker/foreground.js';
import { whileLocked } from '../support/database.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { startStopwatch } from '../support/stopwatch.js';
import { openTestQueue, startWorker } from '../support/workers.js';
import type { TestQueue } from '../support/workers.js';

/** It would not look by itself before the test is over: what it hears, it hears by the bell. */
const BY_THE_BELL = { pollIntervalMs: 3_600_000 };

const waiting = (path: string): string => `echo $$ > ${path}; exec sleep 600`;

async function enqueueRunning({ queue, path, pid }: TestQueue, grace = '1h'): Promise<[string, number]> {
  const { id } = await queue.enqueue({ command: waiting(path('pid')), grace });
  return [id, await pid('pid')];
}

test('a cancel reaches a job within a moment, though every slot is full', async () => {
  const tested = await openTestQueue();
  const { queue, over } = tested;
  const { events } = startWorker(queue, BY_THE_BELL);
  const [id, pid] = await enqueueRunning(tested);
  const stopwatch = startStopwatch();
  expect(await queue.cancel(id)).toMatchObject({ state: 'processing' });
  await waitUntil(() => !isAlive(pid), { what: 'the job to end' });
  expect(stopwatch.elapsedMs()).toBeLessThan(1000);
  const job = await over(id);
  expect(job).toMatchObject({
    state: 'cancelled',
    attempts: 0,
    signal: 'SIGTERM',
    reason: 'cancelled by a person',
  });
  expect(await queue.runs(job)).toMatchObject([{ outcome: 'cancelled', reason: 'killed by SIGTERM' }]);
  await waitUntil(() => events.some((event) => event.event === 'job.cancelled'), { what: 'its event' });
});

test('and a worker that drains hears it as well', async () => {
  const tested = await openTestQueue();
  const { worker, ended } = startWorker(tested.queue, BY_THE_BELL);
  const [id] = await enqueueRunning(tested);
  worker.stop('gracefully');
  await tested.queue.cancel(id);
  await ended;
  expect(await tested.queue.get(id)).toMatchObject({ state: 'cancelled' });
});

test('so does one that is busy with short jobs', async () => {
  const tested = await openTestQueue();
  const { queue, over } = tested;
  startWorker(queue, { ...BY_THE_BELL, slots: 3 });
  const [id] = await enqueueRunning(tested);
  await queue.enqueueMany(Array.from({ length: 1000 }, () => ({ command: ['true'] })));
  await waitUntil(async () => (await queue.counts()).completed > 5, {
    what: 'it to be busy',
  });
  await queue.cancel(id);
  expect(await over(id)).toMatchObject({ state: 'cancelled' });
  expect((await queue.counts()).pending).toBeGreaterThan(0);
});

test('a cancel that comes between the claim and the start is not missed', async () => {
  const tested = await openTestQueue();
  const { queue, over, said, path } = tested;
  const cancelled = new Set<string>();
  // The launcher is asked only once the cancel is stored, as if the start took long.
  const node = createNodeLauncher();
  const launcher: Launcher = {
    ...node,
    run: async (spec, signal) => {
      const id = spec.env['QUEUECTL_JOB_ID'] ?? '';
      await queue.cancel(id, { grace: '1h' });
      cancelled.add(id);
      return node.run(spec, signal);
    },
  };
  startWorker(queue, { ...BY_THE_BELL, launcher });
  const { id } = await queue.enqueue({ command: waiting(path('pid')) });
  expect(await over(id)).toMatchObject({ state: 'cancelled', run: 1 });
  expect([...cancelled]).toEqual([id]);
  const pid = said('pid');
  if (pid !== null) expect(isAlive(Number(pid))).toBe(false);
});

test('a second cancel hastens the end of a job that ignores the first', async () => {
  const tested = await openTestQueue();
  const { queue, path, pid, said, over } = tested;
  startWorker(queue, BY_THE_BELL);
  const command = `trap 'echo asked > ${path('asked')}' USR1; echo $$ > ${path('pid')}; while :; do sleep 0.02; done`;
  const { id } = await queue.enqueue({ command });
  const jobPid = await pid('pid');
  await queue.cancel(id, { signal: 'USR1', grace: '1h', reason: 'first' });
  await waitUntil(() => said('asked'), { what: 'the signal' });
  expect(isAlive(jobPid)).toBe(true);
  await queue.cancel(id, { now: true, reason: 'second' });
  expect(await over(id)).toMatchObject({
    state: 'cancelled',
    signal: 'SIGKILL',
    reason: 'cancelled by a person: first',
  });
});

test('what a stop at once would give back is cancelled, whichever of the two came first', async () => {
  for (const first of ['cancel', 'stop'] as const) {
    const tested = await openTestQueue();
    const { queue, path, pid } = tested;
    const { worker, ended } = startWorker(queue);
    const command = `trap '' TERM; echo $$ > ${path('pid')}; while :; do sleep 0.02; done`;
    const { id } = await queue.enqueue({ command, grace: '1h' });
    await pid('pid');
    if (first === 'stop') worker.stop('now');
    await queue.cancel(id);
    if (first === 'cancel') worker.stop('now');
    await ended;
    expect(await queue.get(id), first).toMatchObject({ state: 'cancelled', signal: 'SIGKILL', attempts: 0 });
  }
});

test('a failure that the worker had not reported when the cancel came is told as what it became', async () => {
  const tested = await openTestQueue();
  const { queue, pid, over } = tested;
  const { events } = startWorker(queue);
  const { id } = await queue.enqueue({
    command: `echo $$ > ${tested.path('pid')}; until test -e ${tested.path('go')}; do sleep 0.02; done; exit 3`,
  });
  const jobPid = await pid('pid');
  // While this holds the lock the worker cannot report; the cancel is stored by the same transaction.
  await whileLocked(tested, async ({ rows }) => {
    writeFileSync(tested.path('go'), '');
    await waitUntil(() => !isAlive(jobPid), { what: 'the job to fail' });
    await rows(
      `UPDATE jobs SET cancel = '{"at":1,"signal":"SIGTERM","grace_ms":1,"reason":"cancelled by a person"}'`,
    );
  });
  const job = await over(id);
  expect(job).toMatchObject({
    state: 'cancelled',
    attempts: 1,
    exitCode: 3,
    reason: 'cancelled by a person',
  });
  expect(await queue.runs(job)).toMatchObject([{ outcome: 'failure' }]);
  await waitUntil(() => events.some((event) => event.event === 'job.cancelled'), { what: 'its event' });
  expect(events.filter((event) => event.event === 'job.failed')).toEqual([]);
});

test('a job in the foreground is ended by the signal that was asked for', async () => {
  const tested = await openTestQueue();
  const { queue, path, pid } = tested;
  const running = runInForeground(
    queue,
    { id: 'fore', command: waiting(path('pid')), max_retries: 5 },
    { launcher: createNodeLauncher(), onOutput: () => undefined, signal: new AbortController().signal },
  );
  await pid('pid');
  await queue.cancel('fore', { signal: 'USR2' });
  expect(await running).toMatchObject({ state: 'cancelled', run: 1, attempts: 0, signal: 'SIGUSR2' });
  expect(await queue.store.listSessions()).toEqual([]);
});

test('a job in the foreground that waits for its retry is over at once', async () => {
  const { queue } = await openTestQueue();
  const running = runInForeground(
    queue,
    { id: 'fore', command: 'false', max_retries: 2, backoff_base: 100 },
    { launcher: createNodeLauncher(), onOutput: () => undefined, signal: new AbortController().signal },
  );
  await waitUntil(async () => (await queue.get('fore')).state === 'failed', { what: 'its failure' });
  expect(await queue.cancel('fore')).toMatchObject({ state: 'cancelled' });
  expect(await running).toMatchObject({ state: 'cancelled', run: 1, attempts: 1 });
});
