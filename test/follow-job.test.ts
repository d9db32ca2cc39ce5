import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Job } from '../src/job/job.js';
import { createNodeLauncher } from '../src/launcher/node-launcher.js';
import { openQueue } from '../src/open-queue.js';
import { openLauncher } from '../src/launcher/open-launcher.js';
import { logFile } from '../src/output/log-file.js';
import type { OutputSelection } from '../src/output/selection.js';
import { waitUntil } from './support/processes.js';
import { openTestQueue, startWorker, storedText } from './support/workers.js';
import type { TestQueue } from './support/workers.js';

interface Following {
  readonly seen: () => string;
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

async function follow({ queue }: TestQueue, id: string): Promise<Following> {
  const abort = new AbortController();
  const job = await queue.get(id);
  let text = '';
  const done = (async () => {
    for await (const record of queue.follow(job, abort.signal))
      if ('bytes' in record) text += Buffer.from(record.bytes).toString();
  })();
  return { seen: () => text, done, abort };
}

test('what a job prints is seen while it runs, and the follower ends with it', async () => {
  const tested = await openTestQueue();
  const { id } = await tested.queue.enqueue({
    command: `echo one; while [ ! -e ${tested.path('go')} ]; do sleep 0.02; done; echo two`,
  });
  const following = await follow(tested, id);
  startWorker(tested.queue);
  await waitUntil(() => following.seen() === 'one\n', { what: 'the first line' });
  writeFileSync(tested.path('go'), '');
  await following.done;
  expect(following.seen()).toBe('one\ntwo\n');
});

test('every run is followed, until the last', async () => {
  const tested = await openTestQueue();
  const { id } = await tested.queue.enqueue({
    command: 'echo run $QUEUECTL_RUN; exit 1',
    max_retries: 2,
    backoff_base: 1,
  });
  const following = await follow(tested, id);
  startWorker(tested.queue);
  await following.done;
  expect(following.seen()).toBe('run 1\nrun 2\n');
});

test('a job that is over shows what its last run printed, small or large', async () => {
  const tested = await openTestQueue();
  startWorker(tested.queue, { slots: 2 });
  const small = await tested.queue.enqueue({ command: 'echo small' });
  const large = await tested.queue.enqueue({ command: 'seq 1 20000' });
  for (const { id } of [small, large]) await tested.over(id);
  const [first, second] = [await follow(tested, small.id), await follow(tested, large.id)];
  await Promise.all([first.done, second.done]);
  expect(first.seen()).toBe('small\n');
  expect(second.seen()).toHaveLength(108_894);
  expect(second.seen().endsWith('19999\n20000\n')).toBe(true);
});

test('a run that is short and prints little never has a file', async ({ skip }) => {
  const tested = await openTestQueue();
  const launcher = await openLauncher(tested.queue.store.newLockFile());
  onTestFinished(() => launcher.close());
  if (!launcher.capabilities.records) skip('there is no native launcher');
  startWorker(tested.queue, { launcher });
  // Whatever lies in its place was not made by it, and so is not removed.
  const file = logFile(tested.queue.store.logsDir, 1, 1);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'not ours');
  const { id } = await tested.queue.enqueue({ command: 'exec echo little' });
  const job = await tested.over(id);
  const [run] = await tested.queue.runs(job);
  // On a very slow machine it may have taken longer than 50 ms.
  if ((run?.finishedAtMs ?? 0) - (run?.startedAtMs ?? 0) < 50)
    expect(readFileSync(file, 'utf8')).toBe('not ours');
  expect(storedText(run)).toBe('little\n');
});

test('an abort ends the following of a job that nobody runs', async () => {
  const tested = await openTestQueue();
  const { id } = await tested.queue.enqueue({ command: 'true' });
  const following = await follow(tested, id);
  following.abort.abort();
  await following.done;
  expect(following.seen()).toBe('');
});

test.each([
  ['native', (lockFile: string) => openLauncher(lockFile)],
  ['node', async () => createNodeLauncher()],
])(
  'output of the %s launcher is read whole or in part, small or large, while it runs and after',
  async (_, open) => {
    const tested = await openTestQueue();
    const launcher = await open(tested.queue.store.newLockFile());
    onTestFinished(() => launcher.close());
    startWorker(tested.queue, { launcher });
    const read = async (job: Job, selection?: OutputSelection): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const record of tested.queue.output(job, 1, selection))
        if ('bytes' in record) chunks.push(record.bytes);
      return Buffer.concat(chunks).toString();
    };
    const { id } = await tested.queue.enqueue({ command: 'printf "a\\nb\\nc"' });
    const small = await tested.over(id);
    expect(await read(small)).toBe('a\nb\nc');
    expect(await read(small, { last: { lines: 2 } })).toBe('b\nc');
    expect(await read(small, { last: { bytes: 3 } })).toBe('b\nc');
    const go = tested.path('go');
    const large = await tested.queue.enqueue({
      command: `seq 1 20000; while [ ! -e ${go} ]; do sleep 0.02; done; echo end`,
    });
    const running = await tested.queue.get(large.id);
    await waitUntil(async () => (await read(running)).length === 108_894, { what: 'what it printed so far' });
    expect(await read(running, { last: { lines: 1 } })).toBe('20000\n');
    writeFileSync(go, '');
    const ended = await tested.over(large.id);
    expect((await tested.queue.runs(ended))[0]).toMatchObject({ outputBytes: 108_898, output: null });
    expect(await read(ended, { last: { lines: 2 } })).toBe('20000\nend\n');
    expect(await read(ended)).toHaveLength(108_898);
  },
);

test('trouble of the store ends the following with its error', async () => {
  const tested = await openTestQueue();
  const { id } = await tested.queue.enqueue({
    command: `echo one; while [ ! -e ${tested.path('go')} ]; do sleep 0.02; done`,
  });
  startWorker(tested.queue);
  const other = await openQueue(tested.home);
  const job = await other.get(id);
  let text = '';
  const done = (async () => {
    for await (const record of other.follow(job, new AbortController().signal))
      if ('bytes' in record) text += Buffer.from(record.bytes).toString();
  })();
  const settled = done.then(() => 'ended', String);
  await waitUntil(() => text === 'one\n', { what: 'the first line' });
  await other.close();
  expect(await settled).toContain('not open');
  writeFileSync(tested.path('go'), '');
  await tested.over(id);
});
