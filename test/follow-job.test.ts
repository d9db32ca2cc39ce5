import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { waitUntil } from './support/processes.js';
import { openTestQueue, startWorker } from './support/workers.js';
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
    for await (const chunk of queue.follow(job, abort.signal)) text += Buffer.from(chunk).toString();
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
  await waitUntil(() => following.seen() === 'one\n', { what: 'the first line', timeoutMs: 15_000 });
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

test('an abort ends the following of a job that nobody runs', async () => {
  const tested = await openTestQueue();
  const { id } = await tested.queue.enqueue({ command: 'true' });
  const following = await follow(tested, id);
  following.abort.abort();
  await following.done;
  expect(following.seen()).toBe('');
});

test('output is read in part, from the byte that is asked for', async () => {
  const tested = await openTestQueue();
  startWorker(tested.queue);
  const { id } = await tested.queue.enqueue({ command: 'printf abcdef' });
  const job = await tested.over(id);
  const read = async (from: number): Promise<string> => {
    let text = '';
    for await (const chunk of tested.queue.output(job, 1, from)) text += Buffer.from(chunk).toString();
    return text;
  };
  expect([await read(0), await read(4), await read(6), await read(99)]).toEqual(['abcdef', 'ef', '', '']);
});
