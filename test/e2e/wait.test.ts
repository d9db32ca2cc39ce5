/** `wait`, and an enqueue that waits: what they print, and how they exit. */
import { describe, expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';
import { openTerminal } from './terminal.js';

const ONE_RUN = ['--max-retries', '1'];

describe('wait for one job', () => {
  test('exits as the job does, and tells how it ended', async () => {
    const cli = createCli();
    const commands = ['true', 'exit 3', 'kill -9 $$'];
    for (const command of commands) await cli.ok('enqueue', ...ONE_RUN, '--', command);
    await cli.ok('enqueue', ...ONE_RUN, '--timeout', '100ms', '--', 'sleep 30');
    await cli.ok('enqueue', '--', 'true');
    await cli.ok('cancel', '5');
    await cli.drain();
    expect(await cli.run(['wait', '1'])).toMatchObject({ code: 0, stdout: 'Job 1 completed.\n', stderr: '' });
    expect(await cli.run(['wait', '2'])).toMatchObject({ code: 3, stdout: 'Job 2 is dead: exit code 3\n' });
    expect(await cli.run(['wait', '3'])).toMatchObject({ code: 128 + 9 });
    expect(await cli.run(['wait', '4'])).toMatchObject({ code: 124 });
    expect(await cli.run(['wait', '5'])).toMatchObject({ code: 1 });
  });

  test('ends when the job does, whatever it waited for', async () => {
    const cli = createCli();
    await cli.ok('enqueue', '--', `until [ -e '${cli.path('go')}' ]; do sleep 0.02; done; exit 0`);
    const waiting = cli.start(['wait', '1']);
    const worker = await cli.startWorker();
    await worker.saw('Claimed job 1');
    expect(waiting.stdout()).toBe('');
    await cli.shell(`: > '${cli.path('go')}'`);
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'Job 1 completed.\n' });
    await worker.kill('SIGTERM');
  });

  test('prints the job as it ended under --json, and its id under -q', async () => {
    const cli = createCli();
    await cli.ok('enqueue', ...ONE_RUN, '--', 'exit 3');
    await cli.drain();
    const { code, stdout } = await cli.run(['wait', '1', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ id: '1', state: 'dead', exit_code: 3, reason: 'exit code 3' });
    expect((await cli.run(['wait', '1', '-q'])).stdout).toBe('1\n');
  });

  test('a job that is removed meanwhile is not found', async () => {
    const cli = createCli();
    await cli.ok('enqueue', '--', 'true');
    const waiting = cli.start(['wait', '1', '--timeout', '30s']);
    await cli.ok('rm', '1');
    expect(await waiting.ended).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('wait for several', () => {
  test('0 all completed, 7 a part, 1 none, each told as it ended', async () => {
    const cli = createCli();
    await cli.enqueueAll(
      ['true', 'true', 'false', 'false'].map((command) => ({ command, max_retries: 1, tags: [command] })),
    );
    const all = cli.start(['wait', 'all']);
    await cli.drain();
    const ended = await all.ended;
    expect(ended.code).toBe(7);
    expect(linesOf(ended.stdout).toSorted()).toEqual([
      'Job 1 completed.',
      'Job 2 completed.',
      'Job 3 is dead: exit code 1',
      'Job 4 is dead: exit code 1',
    ]);
    expect(await cli.run(['wait', 'tag:true'])).toMatchObject({ code: 0 });
    expect(await cli.run(['wait', '3-4'])).toMatchObject({ code: 1 });
  });

  test('--any ends with the first, and as it does; --for completed ends with the first that does not complete', async () => {
    const cli = createCli();
    await cli.ok('enqueue', ...ONE_RUN, '--', 'exit 5');
    await cli.drain();
    await cli.ok('enqueue', '--hold', '--', 'true');
    expect(await cli.run(['wait', '--any', '1', '2'])).toMatchObject({ code: 5 });
    expect(await cli.run(['wait', '--for', 'completed', '1', '2'])).toMatchObject({ code: 1 });
    expect(
      await cli.run(['wait', '--any', '--for', 'completed', '1', '2', '--timeout', '100ms']),
    ).toMatchObject({ code: 124 });
  });

  test('jobs that come later are not waited for', async () => {
    const cli = createCli();
    await cli.ok('enqueue', '--', 'true');
    const waiting = cli.start(['wait', 'queue:default']);
    await cli.drain();
    expect(await waiting.ended).toMatchObject({ code: 0 });
    await cli.ok('enqueue', '--hold', '--', 'true');
    expect(await cli.run(['wait', 'queue:default', 'state:over'])).toMatchObject({ code: 0 });
  });
});

test('a wait that is not told of an end in time exits 124, and says what helps', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--hold', '--', 'true');
  expect(await cli.run(['wait', '1', '--timeout', '50ms'])).toMatchObject({
    code: 124,
    stdout: '',
    stderr: 'error: 1 job was not over after 50ms\nhint: queuectl explain 1 says what a job waits for\n',
  });
});

const BAD: readonly (readonly [string, number, string])[] = [
  ['wait', 2, 'which jobs?'],
  ['wait ""', 2, 'the filter is empty'],
  ['wait 9', 3, 'no job "9"'],
  ['wait 1 9', 3, 'no job "9"'],
  ['wait tag:none', 3, 'the filter means no job'],
  ['wait stat:dead', 2, 'in the filter, "stat:dead": there is no key "stat"'],
  ['wait 1 --for dead', 2, 'unknown value of --for "dead"'],
  ['wait 1 --timeout soon', 2, '--timeout must be'],
  ['wait 1 --timeout -1', 2, ''],
  ['enqueue --wait --follow -- true', 2, '--wait and --follow exclude each other'],
  ['enqueue --wait -f jobs', 2, '--wait is for one job'],
  ['enqueue --follow --dry-run -- true', 2, '--follow is for one job'],
];

test('bad words get one line, a hint and their exit code, and store nothing', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  for (const [line, code, message] of BAD) {
    const ended = await cli.shell(`queuectl ${line}`);
    expect({ line, ...ended }).toMatchObject({ line, code, stdout: '' });
    const [error, hint, ...more] = linesOf(ended.stderr);
    expect(error, line).toContain(`error: ${message}`);
    expect(hint, line).toMatch(/^hint: /);
    expect(more, line).toEqual([]);
  }
  const asJson = await cli.run(['enqueue', '--follow', '--json', '--', 'true']);
  expect(asJson).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'usage' } });
  expect(await cli.json<{ jobs: Record<string, number> }>('status')).toMatchObject({ jobs: { pending: 1 } });
});

describe('an enqueue that waits', () => {
  test('--wait exits as the job does; what it tells of the enqueue is on stderr', async () => {
    const cli = createCli();
    const waiting = cli.start(['enqueue', ...ONE_RUN, '--wait', '--', 'exit 4']);
    await waitUntil(() => waiting.stderr().includes('ID: 1'), { what: 'the id' });
    await cli.drain();
    const ended = await waiting.ended;
    expect(ended).toMatchObject({ code: 4, stdout: 'Job 1 is dead: exit code 4\n' });
    expect(ended.stderr).toContain('✅ Job enqueued successfully. ID: 1\n');
  });

  test('--follow prints what the job prints, and nothing else on stdout, and exits as it does', async () => {
    const cli = createCli();
    const following = cli.start(['enqueue', ...ONE_RUN, '--follow', '--', 'echo one; echo two >&2; exit 6']);
    await waitUntil(() => following.stderr().includes('ID: 1'), { what: 'the id' });
    await cli.drain();
    expect(await following.ended).toMatchObject({ code: 6, stdout: 'one\ntwo\n' });
  });
});

describe.skipIf(!hasProgram('tmux'))('on a terminal', () => {
  test('a line tells what is waited for, and is gone when the wait ends or Ctrl-C ends it', async () => {
    const cli = createCli();
    await cli.ok('enqueue', '--hold', '--', 'true');
    await cli.ok('enqueue', '--hold', '--', 'true');
    const ended = await openTerminal(cli, 'queuectl wait 1 2; echo code $?');
    await ended.shows('waiting for 2 of 2 jobs');
    await cli.ok('cancel', '1', '2');
    await ended.shows('code 1');
    expect(ended.screen().filter((line) => line !== '')).toEqual([
      expect.stringMatching(/^Job [12] is cancelled/),
      expect.stringMatching(/^Job [12] is cancelled/),
      'code 1',
      'THE-END',
    ]);
    await cli.ok('enqueue', '--hold', '--', 'true');
    const stopped = await openTerminal(cli, 'queuectl wait 3; echo code $?');
    await stopped.shows('waiting for the job');
    stopped.press('C-c');
    await stopped.shows('code 130');
    expect(stopped.screen().filter((line) => line.includes('waiting'))).toEqual([]);
  });
});
