import { expect, test } from 'vitest';
import type { JobInput } from '../../src/job/input.js';
import { openTestQueue, startWorker } from '../support/workers.js';

/** A command that cannot run fails its job with a plain reason, never the worker. */
const BAD: readonly (readonly [string, JobInput, number, RegExp])[] = [
  ['a missing working directory', { command: 'true', cwd: '/nowhere/at/all' }, 126, /\/nowhere\/at\/all/],
  ['a file as the working directory', { command: 'true', cwd: '/etc/passwd' }, 126, /\/etc\/passwd/],
  ['a program that is not there', { command: ['no-such-program-of-ours'] }, 127, /no-such-program-of-ours/],
  ['an unknown command in a shell line', { command: 'no-such-program-of-ours --x' }, 127, /127.*not found/],
  ['a file that is not executable', { command: ['/etc/passwd'] }, 126, /\/etc\/passwd/],
  ['a directory as the program', { command: ['/tmp'] }, 126, /\/tmp/],
];

test.each(BAD)('%s', async (_what, input, exitCode, reason) => {
  const { queue, over } = await openTestQueue();
  startWorker(queue);
  const { id } = await queue.enqueue({ max_retries: 1, ...input });
  const job = await over(id);
  expect(job).toMatchObject({ state: 'dead', attempts: 1, exitCode, signal: null });
  expect('reason' in job ? job.reason : '').toMatch(reason);
  const next = await queue.enqueue({ command: 'true' });
  expect((await over(next.id)).state).toBe('completed');
});

test('a time limit and a signal are reasons, too', async () => {
  const { queue, over } = await openTestQueue();
  startWorker(queue, { slots: 2 });
  const slow = await queue.enqueue({ command: 'sleep 60', timeout: '200ms', max_retries: 1 });
  const killed = await queue.enqueue({ command: 'kill -9 $$', max_retries: 1 });
  expect(await over(slow.id)).toMatchObject({
    state: 'dead',
    signal: 'SIGTERM',
    reason: expect.stringContaining('timed out') as string,
  });
  expect(await over(killed.id)).toMatchObject({
    state: 'dead',
    exitCode: null,
    signal: 'SIGKILL',
    reason: 'killed by SIGKILL, not by us; perhaps out of memory',
  });
  expect((await queue.runs(await queue.get(slow.id))).map((run) => run.outcome)).toEqual(['timeout']);
});
