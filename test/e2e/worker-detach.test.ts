/** Workers in the background. */
import { mkdirSync, statSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCli, hasProgram } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { removeDatabase } from '../support/database.js';
import { isAlive, killQuietly, sessionOf, waitUntil } from '../support/processes.js';
import { expectRefusals } from './refusals.js';
import { inTerminal } from './terminal.js';

interface Detached {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
}

/** Ended at the latest with the test. */
async function detach(cli: Cli, ...flags: string[]): Promise<Detached> {
  const worker = await cli.json<Detached>('worker', 'start', '--detach', ...flags);
  onTestFinished(() => killQuietly(worker.pid));
  return worker;
}

async function untilOver(cli: Cli, id: string): Promise<void> {
  await waitUntil(async () => (await cli.json('show', id))['state'] === 'completed', {
    what: `job ${id} to be over`,
  });
}

test('a worker in the background runs when the command returns, in a session of its own, and keeps a private log', async () => {
  const cli = createCli();
  const said = await cli.run(['worker', 'start', '--detach']);
  const pid = Number(/PID: (\d+)/.exec(said.stdout)?.[1]);
  onTestFinished(() => killQuietly(pid));
  expect(said).toMatchObject({
    code: 0,
    stdout: `Worker w1 runs in the background (PID: ${pid}).\n`,
    stderr: 'what it says: queuectl worker logs w1\n',
  });
  expect(await cli.json('worker', 'list')).toMatchObject([{ name: 'w1', pid, slots: 1 }]);
  if (process.platform === 'linux') expect(sessionOf(pid)).toBe(pid);
  await cli.ok('enqueue', '--', 'echo "from $QUEUECTL_WORKER_PID, log: $QUEUECTL_DETACHED_LOG"');
  await untilOver(cli, '1');
  expect(await cli.ok('logs', '1')).toBe(`from ${pid}, log: \n`);
  const second = await detach(cli, '--count', '3', '--queues', 'mail', '--name', 'mail');
  expect(second).toEqual({
    name: 'mail',
    pid: expect.any(Number),
    log: expect.stringMatching(/\/mail\.log$/),
  });
  expect(statSync(second.log).mode & 0o777).toBe(0o600);
  expect(await cli.json('worker', 'list')).toMatchObject([
    { name: 'w1' },
    { name: 'mail', slots: 3, queues: ['mail'] },
  ]);
  await cli.ok('worker', 'stop', '--wait');
  expect([pid, second.pid].map(isAlive)).toEqual([false, false]);
  expect(await cli.ok('worker', 'logs', 'w1')).toContain('[Worker 1] Stopped.\n');
});

test('many workers that are started in the background at once all run, each with a name of its own', async () => {
  const cli = createCli();
  const workers = await Promise.all(Array.from({ length: 4 }, () => detach(cli)));
  expect(new Set(workers.map(({ name }) => name))).toEqual(new Set(['w1', 'w2', 'w3', 'w4']));
  await cli.ok('worker', 'stop', '--wait');
});

test('the name of a worker that was killed can be had again at once, and its log goes on', async () => {
  const cli = createCli();
  const first = await detach(cli, '--name', 'mail');
  const log = (): Promise<string> => cli.ok('worker', 'logs', 'mail');
  await waitUntil(async () => (await log()).includes('Polling'), { what: 'its first words' });
  killQuietly(first.pid);
  await waitUntil(() => !isAlive(first.pid), { what: 'its end' });
  const second = await detach(cli, '--name', 'mail');
  expect(second.log).toBe(first.log);
  await cli.ok('worker', 'stop', 'mail', '--wait');
  for (const { pid } of [first, second]) expect(await log()).toContain(`Starting up (PID: ${pid})...`);
});

test('a worker that cannot start is told of with its reason, and nothing is left', async () => {
  const cli = createCli();
  const { log } = await detach(cli, '--name', 'mail');
  const workers = dirname(log);
  symlinkSync('/dev/null', join(workers, 'link.log'));
  mkdirSync(join(workers, 'dir.log'));
  const start = ['worker', 'start', '--detach'];
  await expectRefusals(cli, [
    { args: [...start, '--name', 'mail'], code: 4, message: 'a worker named mail runs already' },
    {
      args: ['worker', 'start', '--name', 'mail'],
      code: 4,
      message: 'a worker named mail runs already (pid ',
    },
    { args: [...start, '--name', '../x'], message: '--name must be 1 to 128 of the characters' },
    { args: [...start, '--count', '0'], message: '--count must be a whole number from 1' },
    { args: [...start, '--drain-timeout', 'soon'], message: '--drain-timeout must be a duration' },
    {
      args: [...start, '--name', 'link'],
      code: 6,
      message: `${join(workers, 'link.log')} is a symbolic link`,
    },
    {
      args: [...start, '--name', 'dir'],
      code: 5,
      message: `cannot write the log ${join(workers, 'dir.log')}`,
    },
  ]);
  const fields = await cli.run(['worker', 'start', '--json', '--fields', 'pid']);
  expect(fields).toMatchObject({ code: 2, stderr: expect.stringContaining('--fields needs --detach') });
  expect(await cli.json('worker', 'list')).toMatchObject([{ name: 'mail' }]);
  await cli.ok('worker', 'stop', '--wait');
});

test('what only the worker itself can meet goes to the command that waits for it, not to the log', async () => {
  const cli = createCli();
  const worker = await cli.startWorker(['--name', 'mail']);
  const line = 'QUEUECTL_DETACHED_LOG=$PWD/log queuectl worker start --name mail 3>said >log 2>&1';
  expect(await cli.shell(line)).toMatchObject({ code: 4, stdout: '', stderr: '' });
  expect(JSON.parse(cli.read('said'))).toEqual({
    error: {
      code: 'conflict',
      message: expect.stringMatching(/^a worker named mail runs already \(pid \d+ on /),
      hint: 'another --name, or first: queuectl worker stop mail --wait',
    },
  });
  expect(cli.read('log')).toBe('');
  await worker.kill('SIGTERM');
});

test('an end that the worker did not ask for stands in its log', async () => {
  const cli = createCli();
  const { pid } = await detach(cli);
  await removeDatabase(cli);
  await waitUntil(() => !isAlive(pid), { what: 'its end' });
  const log = await cli.shell('cat "$QUEUECTL_HOME"/*/workers/w1.log');
  expect(log.stdout).toMatch(/Z error: the database .*\n/);
});

test('--drain-timeout ends the jobs that outlast a stop, with their grace, and gives them back', async () => {
  const cli = createCli();
  await cli.ok(
    'enqueue',
    '--',
    `trap 'echo cleaned up > trapped; exit 1' TERM; echo > begun; sleep 600 & wait`,
  );
  await detach(cli, '--drain-timeout', '200ms');
  await waitUntil(() => cli.read('begun') !== '', { what: 'the job to begin' });
  await cli.ok('worker', 'stop', '--wait');
  expect(cli.read('trapped')).toBe('cleaned up\n');
  expect(await cli.json('show', '1')).toMatchObject({
    state: 'pending',
    attempts: 0,
    runs: [{ outcome: 'given_back' }],
  });
});

test('a worker in the background outlives the terminal that started it', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  const seen = (await inTerminal(cli, 'queuectl worker start --detach')).toString();
  const pid = Number(/PID: (\d+)/.exec(seen)?.[1]);
  onTestFinished(() => killQuietly(pid));
  // The terminal is closed by now.
  await cli.ok('enqueue', '--', 'true');
  await untilOver(cli, '1');
  expect(isAlive(pid)).toBe(true);
  await cli.ok('worker', 'stop', '--wait');
});

test('Ctrl-Z stops a worker in a terminal, and fg lets it go on', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.ok('enqueue', '-q', '--', 'while [ ! -e go ]; do sleep 0.05; done; echo over');
  const line = 'set -m; queuectl worker start --until-empty; echo "stopped $?"; touch go; fg; echo "code $?"';
  const seen = (await inTerminal(cli, line, { keys: [{ after: 'Claimed job 1', press: 'C-z' }] })).toString();
  expect(seen).toContain(`stopped ${128 + constants.signals.SIGTSTP}\r\n`);
  expect(seen).toMatch(/Job 1 completed successfully\.\r\n\[Worker 1\] Stopped\.\r\ncode 0\r\n$/);
  expect(await cli.json('show', '1')).toMatchObject({ run: 1, crashes: 0 });
});
