/** Stopping workers by name, at once, and waiting for their end. */
import { expect, test } from 'vitest';
import { createCli, hasProgram } from '../support/cli.js';
import type { Cli, Started } from '../support/cli.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { expectRefusals } from './refusals.js';
import { inTerminal } from './terminal.js';

/** A worker of that name, and a job in its hands that ends when it is told to. */
async function startBusy(cli: Cli, name: string): Promise<Started> {
  await cli.ok('enqueue', '-q', '-g', name, '--', `echo $$ > ${name}; sleep 600 & wait`);
  const worker = await cli.startWorker(['--name', name, '--queues', name]);
  await waitUntil(() => cli.read(name) !== '', { what: `the job of ${name}` });
  return worker;
}

test('worker stop NAME stops these workers alone, and --wait returns when they are gone', async () => {
  const cli = createCli();
  const workers = [];
  for (const name of ['a', 'b', 'c']) workers.push(await cli.startWorker(['--name', name]));
  expect(await cli.ok('worker', 'stop', 'a', 'c', 'a', '--wait')).toBe(
    'Signal sent to workers a, c to stop gracefully.\n',
  );
  expect(workers.map(({ pid }) => isAlive(pid))).toEqual([false, true, false]);
  expect(await cli.ok('worker', 'list', '-q')).toBe('b\n');
  expect(await cli.json('worker', 'stop', 'b', '--now', '--wait')).toEqual({
    asked: 1,
    names: ['b'],
    now: true,
    gone: true,
  });
  for (const worker of workers) expect((await worker.ended).code).toBe(0);
});

test('--now ends the jobs that run and gives them back, also after a graceful stop', async () => {
  const cli = createCli();
  const a = await startBusy(cli, 'a');
  const b = await startBusy(cli, 'b');
  await cli.ok('worker', 'stop', 'a');
  await a.saw('Shutting down');
  expect(await cli.ok('worker', 'stop', '--now', '--wait')).toBe(
    'Signal sent to all workers to end their jobs and stop.\n',
  );
  for (const worker of [a, b]) {
    expect(isAlive(worker.pid)).toBe(false);
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('Ending 1 running job now, to be run again...');
  }
  for (const name of ['a', 'b']) expect(isAlive(Number(cli.read(name)))).toBe(false);
  expect(await cli.json('list')).toMatchObject([
    { state: 'pending', attempts: 0, crashes: 0 },
    { state: 'pending', attempts: 0, crashes: 0 },
  ]);
});

test('--timeout ends the wait with 124 and leaves the stop as it is', async () => {
  const cli = createCli();
  const worker = await startBusy(cli, 'a');
  const { code, stderr } = await cli.run(['worker', 'stop', 'a', '--wait', '--timeout', '300ms']);
  expect({ code, stderr }).toEqual({
    code: 124,
    stderr:
      'error: 1 worker still runs after 300ms: a\nhint: they go on to stop; to hasten them: queuectl worker stop --now\n',
  });
  expect(await cli.json('worker', 'list')).toMatchObject([{ state: 'stopping' }]);
  await cli.ok('worker', 'stop', '--now', '--wait');
  expect(isAlive(worker.pid)).toBe(false);
});

test('a worker that is killed meanwhile, or was before, does not hold up --wait', async () => {
  const cli = createCli();
  const worker = await startBusy(cli, 'a');
  const stopping = cli.run(['worker', 'stop', 'a', '--wait']);
  await worker.saw('Shutting down');
  await worker.kill('SIGKILL');
  expect((await stopping).code).toBe(0);
  expect(await cli.run(['worker', 'stop', '--wait'])).toMatchObject({
    code: 0,
    stdout: 'Signal sent to all workers to stop gracefully.\n',
    stderr: 'no worker is running\n',
  });
});

test('what is no name of a running worker is refused, and nobody is stopped', async () => {
  const cli = createCli();
  const worker = await cli.startWorker(['--name', 'mailer']);
  await expectRefusals(cli, [
    {
      args: ['worker', 'stop', 'mailer', 'mialer'],
      code: 3,
      message: 'no worker named "mialer" runs',
      hint: 'did you mean "mailer"?',
    },
    {
      args: ['worker', 'stop', 'x'],
      code: 3,
      message: 'no worker named "x" runs',
      hint: 'these run: mailer',
    },
    {
      args: ['worker', 'stop', String(worker.pid)],
      code: 3,
      message: `no worker named "${worker.pid}" runs`,
      hint: 'that is the pid of worker mailer',
    },
    { args: ['worker', 'stop', '--timeout', '1s'], message: '--timeout needs --wait' },
    { args: ['worker', 'stop', '--wait', '--timeout', 'x'], message: '--timeout must be a duration' },
  ]);
  expect(await cli.json('worker', 'list')).toMatchObject([{ name: 'mailer', state: 'running' }]);
  await worker.kill('SIGTERM');
});

test('a terminal is told for whom it waits, and Ctrl-C ends the wait and leaves nothing on the line', async ({
  skip,
}) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await startBusy(cli, 'a');
  const line = 'trap : INT; queuectl worker stop --wait; echo "code $?"';
  const seen = await inTerminal(cli, line, { keys: [{ after: 'waiting for', press: 'C-c' }] });
  expect(seen.toString().replaceAll('^C', '')).toBe(
    'Signal sent to all workers to stop gracefully.\r\n\r\x1b[Kwaiting for worker a\r\x1b[Kcode 130\r\n',
  );
  await cli.ok('worker', 'stop', '--now', '--wait');
});
