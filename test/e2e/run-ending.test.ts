/** How a command in the foreground ends early: by Ctrl-C, by SIGKILL, and between its retries. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { isAlive, waitUntil } from '../support/processes.js';

/** Prints its pid and that of a child in the background, then waits with it. */
const TREE = 'sleep 600 & echo $$ $! >> pids; wait';

async function pidsOf(cli: Cli): Promise<number[]> {
  const text = await waitUntil(() => cli.read('pids') || null, {
    what: 'the process tree',
  });
  return text.trim().split(/\s+/).map(Number);
}

async function allGone(pids: readonly number[]): Promise<void> {
  await waitUntil(() => !pids.some(isAlive), { what: 'all processes to be gone' });
}

test.each([
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGHUP', code: 129 },
] as const)('$signal cancels the job with all its processes', async ({ signal, code }) => {
  const cli = createCli();
  const run = cli.start(['run', '--', TREE]);
  const pids = await pidsOf(cli);
  expect(pids).toHaveLength(2);
  expect(await run.kill(signal)).toMatchObject({ code, stdout: '' });
  await allGone(pids);
  expect(await cli.json('show', '1')).toMatchObject({ state: 'cancelled', attempts: 0 });
});

test('a killed run leaves its job dead, its processes are ended, and nobody runs it again', async () => {
  const cli = createCli();
  const run = cli.start(['run', '--max-retries', '5', '--', TREE]);
  const pids = await pidsOf(cli);
  expect(await run.kill('SIGKILL')).toMatchObject({ code: null, signal: 'SIGKILL' });
  const worker = await cli.startWorker();
  await worker.saw('Rescued job 1');
  await allGone(pids);
  expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0 });
  expect(await cli.json('show', '1')).toMatchObject({
    state: 'dead',
    run: 1,
    reason: expect.stringMatching(/^lost/),
  });
  expect(linesOf(cli.read('pids'))).toHaveLength(1);
});

test('run retries in the foreground, and no worker takes the job meanwhile', async () => {
  const cli = createCli();
  const worker = await cli.startWorker();
  const flags = ['--max-retries', '3', '--backoff-base', '1'];
  const { code, stdout } = await cli.run([
    'run',
    ...flags,
    '--',
    'echo $QUEUECTL_RUN $QUEUECTL_WORKER_PID; exit 9',
  ]);
  expect(code).toBe(9);
  const runs = linesOf(stdout).map((line) => line.split(' '));
  expect(runs.map(([run]) => run)).toEqual(['1', '2', '3']);
  expect(new Set(runs.map(([, pid]) => pid))).not.toContain(String(worker.pid));
  expect((await worker.kill('SIGTERM')).stdout).not.toContain('Claimed');
  expect(await cli.json('show', '1')).toMatchObject({ state: 'dead', attempts: 3, max_retries: 3 });
});

test('Ctrl-C cancels a job that waits for its retry', async () => {
  const cli = createCli();
  const run = cli.start(['run', '--max-retries', '2', '--backoff-base', '100', '--', 'echo failed; exit 1']);
  await run.saw('failed');
  await waitUntil(async () => (await cli.json<{ state: string }>('show', '1')).state === 'failed', {
    what: 'the job to wait for its retry',
  });
  expect(await run.kill('SIGINT')).toMatchObject({ code: 130, stdout: 'failed\n' });
  expect(await cli.json('show', '1')).toMatchObject({ state: 'cancelled' });
});

test('worker stop does not touch a command in the foreground', async () => {
  const cli = createCli();
  const run = cli.start(['run', '--', 'echo begun; while [ ! -e go ]; do sleep 0.05; done; echo done']);
  await run.saw('begun');
  expect(await cli.ok('worker', 'stop')).toContain('Signal sent');
  await cli.ok('config', 'path');
  expect((await cli.shell('touch go')).code).toBe(0);
  expect(await run.ended).toMatchObject({ code: 0, stdout: 'begun\ndone\n' });
});
