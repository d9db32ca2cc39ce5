/** `queuectl worker logs`. */
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { killQuietly, waitUntil } from '../support/processes.js';
import { ISO } from './dead-job.js';
import { expectRefusals } from './refusals.js';
import { inTerminal } from './terminal.js';

async function detach(cli: Cli, name: string): Promise<{ readonly pid: number; readonly log: string }> {
  const worker = await cli.json<{ pid: number; log: string }>('worker', 'start', '--detach', '--name', name);
  onTestFinished(() => killQuietly(worker.pid));
  return worker;
}

/** Where logs lie in a home that nobody has started a worker in. */
async function logDirectory(cli: Cli): Promise<string> {
  await cli.ok('worker', 'list');
  const id = readdirSync(cli.home).find((name) => /^[0-9a-f]{16}$/.test(name));
  if (id !== undefined) return join(cli.home, id, 'workers');
  const { pid, log } = await detach(cli, 'first');
  await cli.ok('worker', 'stop', '--wait');
  expect(pid).toBeGreaterThan(0);
  return join(log, '..');
}

test('worker logs prints what a worker said, with times; its last lines; and objects under --json', async () => {
  const cli = createCli();
  await detach(cli, 'a');
  await cli.ok('worker', 'stop', '--wait');
  const printed = linesOf(await cli.ok('worker', 'logs'));
  for (const line of printed) expect(line.split(' ')[0]).toMatch(ISO);
  expect(printed.at(-1)).toMatch(/Z \[Worker 1\] Stopped\.$/);
  expect(linesOf(await cli.ok('worker', 'logs', 'a', '-n', '2'))).toEqual(printed.slice(-2));
  const json = linesOf(await cli.ok('worker', 'logs', '--json', '-n', '1'));
  expect(json.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: expect.stringMatching(ISO), text: '[Worker 1] Stopped.' },
  ]);
  expect(await cli.ok('worker', 'logs', '--json', '-n', '1', '--fields', 'text')).toBe(
    '{"text":"[Worker 1] Stopped."}\n',
  );
});

test('-f goes on across a rotation, loses nothing, and ends when the worker is gone', async () => {
  const cli = createCli();
  const directory = await logDirectory(cli);
  const log = join(directory, 'a.log');
  // Nearly full: what the worker says when it starts lets it begin a new file.
  const line = `${'x'.repeat(99)}\n`;
  writeFileSync(log, line.repeat(104_857));
  await detach(cli, 'a');
  const follower = cli.start(['worker', 'logs', 'a', '-f', '-n', '5']);
  await follower.saw('Polling for jobs...');
  await cli.enqueueAll(Array.from({ length: 30 }, () => ({ command: 'true' })));
  await follower.saw('Job 30 completed');
  await cli.ok('worker', 'stop', '--wait');
  const { code, stdout, stderr } = await follower.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'worker a is gone\n' });
  expect(statSync(`${log}.1`).size).toBeGreaterThan(10 * 1024 * 1024);
  expect(statSync(log).size).toBeLessThan(100_000);
  for (let n = 1; n <= 30; n++) expect(stdout.split(`Job ${n} completed`)).toHaveLength(2);
  expect(stdout).toMatch(/Stopped\.\n$/);
});

test('a worker that is killed ends a follower, too', async () => {
  const cli = createCli();
  const { pid } = await detach(cli, 'a');
  const follower = cli.start(['worker', 'logs', '-f']);
  await follower.saw('Polling for jobs...');
  killQuietly(pid);
  expect(await follower.ended).toMatchObject({ code: 0, stderr: 'worker a is gone\n' });
});

test('a worker that has begun and not yet said anything has a log', async () => {
  const cli = createCli();
  const { log } = await detach(cli, 'a');
  await waitUntil(() => readFileSync(log, 'utf8').includes('Polling'), { what: 'all that it says at first' });
  truncateSync(log);
  expect(await cli.ok('worker', 'logs')).toBe('');
  await cli.ok('worker', 'stop', '--wait');
});

test('which log is meant must be clear, and a log that is not there is an error', async () => {
  const cli = createCli();
  await expectRefusals(cli, [
    {
      args: ['worker', 'logs'],
      code: 3,
      message: 'no worker has a log',
      hint: 'queuectl worker start --detach runs one that has',
    },
    { args: ['worker', 'logs', '../x'], message: 'the name of a worker must be' },
    { args: ['worker', 'logs', 'x'], code: 3, message: 'there is no log of a worker named "x"' },
    { args: ['worker', 'logs', '-n', '-1'], message: '' },
  ]);
  const inForeground = await cli.startWorker(['--name', 'front']);
  await expectRefusals(cli, [
    {
      args: ['worker', 'logs', 'front'],
      code: 3,
      message: 'worker front has no log: it does not run in the background',
    },
  ]);
  await inForeground.kill('SIGTERM');
  for (const name of ['mail', 'sms']) await detach(cli, name);
  await expectRefusals(cli, [
    {
      args: ['worker', 'logs'],
      message: 'several workers have a log: mail, sms',
      hint: 'queuectl worker logs mail',
    },
    { args: ['worker', 'logs', 'mial'], code: 3, message: 'there is no log', hint: 'did you mean "mail"?' },
  ]);
  await cli.ok('worker', 'stop', 'sms', '--wait');
  expect(await cli.ok('worker', 'logs', '-n', '1')).toBe(await cli.ok('worker', 'logs', 'mail', '-n', '1'));
  await cli.ok('worker', 'stop', '--wait');
});

test('on a terminal nothing in a log acts on it, and Ctrl-C ends a follower cleanly', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  const { log } = await detach(cli, 'a');
  // Its own last line at its start.
  await waitUntil(() => existsSync(log) && readFileSync(log, 'utf8').includes('Polling for jobs'), {
    what: 'the worker to say that it waits',
  });
  appendFileSync(log, 'evil \x1b]0;title\x07\n');
  const line = 'trap : INT; queuectl worker logs -f -n 1; echo "code $?"';
  const seen = (await inTerminal(cli, line, { keys: [{ after: 'evil', press: 'C-c' }] })).toString();
  expect(seen.replaceAll('^C', '')).toBe('evil \\x1b]0;title\\x07\r\ncode 130\r\n');
  await waitUntil(async () => (await cli.json<unknown[]>('worker', 'list')).length === 1, {
    what: 'it runs on',
  });
  await cli.ok('worker', 'stop', '--wait');
});
