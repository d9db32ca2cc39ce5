import { expect, test } from 'vitest';
import type { Job } from '../../src/job/job.js';
import type { JobInput } from '../../src/job/input.js';
import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
import { runInForeground } from '../../src/worker/foreground.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { openTestQueue, startWorker } from '../support/workers.js';
import type { TestQueue } from '../support/workers.js';

interface Foreground {
  readonly job: Promise<Job>;
  readonly abort: AbortController;
  readonly output: { stdout: string; stderr: string };
}

function run({ queue }: TestQueue, input: JobInput): Foreground {
  const abort = new AbortController();
  const output = { stdout: '', stderr: '' };
  const onOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
    output[stream] += Buffer.from(chunk).toString();
  };
  const job = runInForeground(queue, input, {
    launcher: createNodeLauncher(),
    onOutput,
    signal: abort.signal,
  });
  job.catch(() => undefined);
  return { job, abort, output };
}

test('a job runs here and now, and is kept like any other', async () => {
  const tested = await openTestQueue();
  const { job, output } = run(tested, { id: 'fore', command: 'echo out; echo err >&2', delay: '1h' });
  expect(await job).toMatchObject({ id: 'fore', state: 'completed', run: 1, exitCode: 0 });
  expect(output).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  const [kept] = await tested.queue.runs(await job);
  expect(kept).toMatchObject({ outcome: 'success', outputBytes: 8 });
  expect(await tested.queue.store.listSessions()).toEqual([]);
});

test('a failure is the job that failed, with its code', async () => {
  const tested = await openTestQueue();
  const { job } = run(tested, { command: 'exit 7', max_retries: 0 });
  expect(await job).toMatchObject({ state: 'dead', exitCode: 7, attempts: 1, reason: 'exit code 7' });
});

test('its retries run here, too, even where a worker waits for work', async () => {
  const tested = await openTestQueue();
  const worker = startWorker(tested.queue);
  await worker.event('worker.polling');
  const { job, output } = run(tested, {
    command: 'echo $QUEUECTL_RUN; test $QUEUECTL_RUN = 2',
    max_retries: 2,
    backoff_base: 1,
  });
  expect(await job).toMatchObject({ state: 'completed', run: 2, attempts: 1 });
  expect(output.stdout).toBe('1\n2\n');
  expect(worker.events.filter((event) => event.event === 'job.claimed')).toEqual([]);
});

test('an abort ends the run, and the job is cancelled', async () => {
  const tested = await openTestQueue();
  const { job, abort } = run(tested, {
    command: `echo $$ > ${tested.path('pid')}; exec sleep 60`,
    max_retries: 5,
  });
  const pid = await tested.pid('pid');
  abort.abort();
  expect(await job).toMatchObject({ state: 'cancelled', run: 1, attempts: 0 });
  expect(isAlive(pid)).toBe(false);
});

test('an abort while it waits for its retry cancels it at once', async () => {
  const tested = await openTestQueue();
  const { job, abort } = run(tested, { id: 'waits', command: 'false', max_retries: 2, backoff_base: 100 });
  await waitUntil(async () => (await tested.queue.get('waits')).state === 'failed', {
    what: 'the first failure',
  });
  abort.abort();
  expect(await job).toMatchObject({ state: 'cancelled', attempts: 1 });
});

test('an abort before it begins starts nothing', async () => {
  const tested = await openTestQueue();
  const { job, abort, output } = run(tested, { command: 'echo started' });
  abort.abort();
  expect(await job).toMatchObject({ state: 'cancelled' });
  expect(output.stdout).toBe('');
});

test.each([
  ['bad input', { command: '' }, 'usage'],
  ['an id that is stored', { id: 'taken', command: 'true' }, 'conflict'],
])('%s stores nothing and leaves no session', async (_what, input, code) => {
  const tested = await openTestQueue();
  await tested.queue.enqueue({ id: 'taken', command: 'true' });
  await expect(run(tested, input).job).rejects.toMatchObject({ code });
  expect(await tested.queue.counts()).toMatchObject({ pending: 1, processing: 0, dead: 0 });
  expect(await tested.queue.store.listSessions()).toEqual([]);
});
