/** `queuectl cancel`, from another terminal. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { isAlive, waitUntil } from '../support/processes.js';

/** Asks nobody whether it may ignore TERM, and leaves a child in a session of its own. */
const TREE = `
  trap '' TERM
  setsid sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 0.05; done' &
  sh -c '(trap "" TERM; while :; do sleep 0.05; done) & echo $! >> pids'
  echo $$ >> pids; while :; do sleep 0.05; done`;

async function pidsOf(cli: Cli, count: number): Promise<number[]> {
  return waitUntil(
    () => {
      const pids = linesOf(cli.read('pids')).map(Number);
      return pids.length === count ? pids : null;
    },
    { what: `${count} processes` },
  );
}

async function untilOver(cli: Cli, id: string): Promise<Record<string, unknown>> {
  return waitUntil(
    async () => {
      const job = await cli.json('show', id);
      return ['completed', 'dead', 'cancelled'].includes(String(job['state'])) ? job : null;
    },
    { what: `job ${id} to be over` },
  );
}

test('a job that runs is ended with all its processes, though they ignore TERM and have left', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ command: TREE, grace: '300ms' }, { command: 'true' }]);
  const worker = await cli.startWorker();
  const pids = await pidsOf(cli, 3);
  expect(await cli.ok('cancel', '1')).toBe('Job 1 has been asked to end.\n');
  await worker.saw('[Worker 1] Job 1 cancelled.');
  expect(pids.filter(isAlive)).toEqual([]);
  const job = await untilOver(cli, '1');
  expect(job).toMatchObject({
    state: 'cancelled',
    attempts: 0,
    run: 1,
    signal: 'SIGKILL',
    reason: 'cancelled by a person',
    runs: [{ outcome: 'cancelled', reason: 'killed by SIGKILL' }],
  });
  await worker.saw('Job 2 completed');
  expect((await worker.kill('SIGTERM')).code).toBe(0);
});

test('a job that handles the signal may end well, and is cancelled all the same', async () => {
  const cli = createCli();
  await cli.ok(
    'enqueue',
    '--',
    "trap 'echo bye > bye; exit 0' INT; echo $$ > pids; while :; do sleep 0.02; done",
  );
  const worker = await cli.startWorker();
  await pidsOf(cli, 1);
  await cli.ok('cancel', '1', '--signal', 'int', '--grace', '10m', '--reason', 'wrong month');
  const job = await untilOver(cli, '1');
  expect(job).toMatchObject({
    state: 'cancelled',
    exit_code: 0,
    reason: 'cancelled by a person: wrong month',
    cancel_requested_at: null,
  });
  expect(cli.read('bye')).toBe('bye\n');
  expect(await cli.ok('show', '1')).toContain('reason\tcancelled by a person: wrong month\n');
  await worker.kill('SIGTERM');
});

test('a second cancel hastens the end: --now', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ command: TREE, grace: '1h' }]);
  const worker = await cli.startWorker();
  const pids = await pidsOf(cli, 3);
  await cli.ok('cancel', '1');
  const asked = await cli.json('show', '1');
  expect(asked).toMatchObject({ state: 'processing', cancel_requested_at: expect.any(String) as string });
  expect(await cli.ok('cancel', '1', '--now')).toBe('Job 1 has been asked to end.\n');
  expect(await untilOver(cli, '1')).toMatchObject({ state: 'cancelled', signal: 'SIGKILL' });
  expect(pids.filter(isAlive)).toEqual([]);
  await worker.kill('SIGTERM');
});

test('a worker that has been asked to stop ends a cancelled job, and then itself', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ command: 'echo $$ > pids; exec sleep 600', grace: '1h' }]);
  const worker = await cli.startWorker();
  await pidsOf(cli, 1);
  await cli.ok('worker', 'stop');
  await worker.saw('Shutting down');
  await cli.ok('cancel', '1');
  expect(await worker.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Job 1 cancelled.') });
  expect(await cli.json('show', '1')).toMatchObject({ state: 'cancelled', signal: 'SIGTERM' });
});

test('a job that waits never runs: pending, scheduled, or failed and waiting for its retry', async () => {
  const cli = createCli();
  await cli.enqueueAll([
    { id: 'failed', command: 'echo failed >> ran; exit 3', backoff_base: 100 },
    { id: 'scheduled', command: 'echo scheduled >> ran', delay: '1h' },
  ]);
  const worker = await cli.startWorker();
  await worker.saw('Job failed failed: exit code 3');
  await worker.kill('SIGTERM');
  await cli.ok('enqueue', '--id', 'pending', '--', 'echo pending >> ran');
  expect(linesOf(await cli.ok('cancel', 'pending', 'scheduled', 'failed', 'pending'))).toEqual([
    'Job pending is cancelled.',
    'Job scheduled is cancelled.',
    'Job failed is cancelled.',
  ]);
  await cli.drain();
  expect(cli.read('ran')).toBe('failed\n');
  expect(await cli.json('show', 'failed')).toMatchObject({ state: 'cancelled', attempts: 1, run: 1 });
  expect(await cli.json('status')).toMatchObject({
    jobs: { cancelled: 3, pending: 0, scheduled: 0, failed: 0 },
  });
});

test('a job that is over cannot be cancelled, an unknown one is not there, and several are done as far as can be', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ id: 'done', command: 'true' }]);
  await cli.drain();
  await cli.ok('enqueue', '--id', 'waits', '--', 'true');
  expect(await cli.run(['cancel', 'done'])).toMatchObject({
    code: 4,
    stdout: '',
    stderr: 'error: job done is completed already\nhint: queuectl show done says how it ended\n',
  });
  expect(await cli.run(['cancel', 'nobody'])).toMatchObject({ code: 3, stdout: '' });
  const some = await cli.run(['cancel', 'done', 'waits', 'nobody']);
  expect(some).toMatchObject({ code: 7, stdout: 'Job waits is cancelled.\n' });
  expect(some.stderr).toMatch(/^error: 2 of 3 jobs were not cancelled: job done .*"nobody"\nhint: .+\n$/);
  const again = await cli.run(['cancel', 'waits']);
  expect(again).toMatchObject({ code: 4 });
  expect(again.stderr).toContain('job waits is cancelled already');
});

test('scripts get the jobs as JSON, or their ids alone', async () => {
  const cli = createCli();
  for (const id of ['a', 'b']) await cli.ok('enqueue', '--id', id, '--', 'true');
  expect(await cli.json('cancel', 'a')).toMatchObject([{ id: 'a', state: 'cancelled' }]);
  expect(await cli.ok('cancel', '-q', 'b')).toBe('b\n');
});

test.each([
  { why: 'no id', args: ['cancel'] },
  { why: 'an unknown signal', args: ['cancel', '1', '--signal', 'TREM'] },
  { why: 'a signal that is none', args: ['cancel', '1', '--signal', '65'] },
  { why: 'a bad grace', args: ['cancel', '1', '--grace', 'soon'] },
  { why: 'now and a grace', args: ['cancel', '1', '--now', '--grace', '1s'] },
  { why: 'no reason', args: ['cancel', '1', '--reason', ' '] },
])('what makes no sense is refused, and nothing is changed: $why', async ({ args }) => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const refused = await cli.run(args);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/^error: .+\nhint: .+\n$/);
  expect(await cli.json('show', '1')).toMatchObject({ state: 'pending' });
});

test.each([
  { how: 'ends by the signal', command: 'exec sleep 600', flags: [], code: 143 },
  { how: 'ends well', command: "trap 'exit 0' TERM; while :; do sleep 0.02; done", flags: [], code: 143 },
  { how: 'is killed', command: 'exec sleep 600', flags: ['--now'], code: 137 },
])('a command in the foreground that $how is cancelled from another shell: exit $code', async (how) => {
  const cli = createCli();
  const run = cli.start([
    'run',
    '--id',
    'fore',
    '--max-retries',
    '3',
    '--',
    `echo $$ > pids; ${how.command}`,
  ]);
  const [pid = 0] = await pidsOf(cli, 1);
  expect(await cli.ok('cancel', 'fore', ...how.flags)).toBe('Job fore has been asked to end.\n');
  const { code, stderr } = await run.ended;
  expect(code).toBe(how.code);
  // A shell may have had something to say before that.
  expect(stderr).toMatch(/^job fore: cancelled by a person\n$/m);
  expect(isAlive(pid)).toBe(false);
  expect(await cli.json('show', 'fore')).toMatchObject({ state: 'cancelled', run: 1, attempts: 0 });
});

test('a command in the foreground that waits for its retry is cancelled from another shell', async () => {
  const cli = createCli();
  const run = cli.start(['run', '--max-retries', '2', '--backoff-base', '100', '--', 'echo failed; exit 1']);
  await run.saw('failed');
  await waitUntil(async () => (await cli.json('show', '1'))['state'] === 'failed', {
    what: 'the job to wait for its retry',
  });
  expect(await cli.ok('cancel', '1')).toBe('Job 1 is cancelled.\n');
  expect(await run.ended).toMatchObject({ code: 143, stdout: 'failed\n' });
  expect(await cli.json('show', '1')).toMatchObject({ state: 'cancelled', run: 1, attempts: 1 });
});
