/** `queuectl logs`. */
import { expect, test } from 'vitest';
import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
import { openQueue } from '../../src/open-queue.js';
import { Worker } from '../../src/worker/worker.js';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { inTerminal } from './terminal.js';

test('logs -f shows what a running job prints as it prints it, and ends with the job', async () => {
  const cli = createCli();
  const command = 'echo one; while [ ! -e go ]; do sleep 0.05; done; echo two; exit 1';
  await cli.ok('enqueue', '--backoff-max', '100ms', '--', command);
  await cli.ok('enqueue', '--id', 'waiting', '--', 'echo waited');
  const early = cli.start(['logs', '-f', 'waiting']);
  const worker = await cli.startWorker(['--until-empty']);
  const follower = cli.start(['logs', '-f', '1']);
  await follower.saw('one\n');
  expect(follower.stdout()).toBe('one\n');
  await cli.shell('touch go');
  await follower.saw('two\n');
  // It goes on with the next run while the job has attempts left.
  expect(await follower.ended).toMatchObject({
    code: 0,
    stdout: 'one\ntwo\none\ntwo\none\ntwo\n',
    stderr: '',
  });
  expect(await early.ended).toMatchObject({ code: 0, stdout: 'waited\n' });
  expect(await worker.ended).toMatchObject({ code: 0 });
});

test('Ctrl-C ends logs -f and leaves the job alone', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'echo begun; while [ ! -e go ]; do sleep 0.05; done');
  const worker = await cli.startWorker(['--until-empty']);
  const follower = cli.start(['logs', '-f', '1']);
  await follower.saw('begun\n');
  expect(await follower.kill('SIGINT')).toMatchObject({ code: 130, stdout: 'begun\n', stderr: '' });
  expect(await cli.json('show', '1')).toMatchObject({ state: 'processing' });
  await cli.shell('touch go');
  await worker.ended;
  expect(await cli.json('show', '1')).toMatchObject({ state: 'completed' });
});

test('logs shows each run of a retried job, or its last lines', async () => {
  const cli = createCli();
  const command = 'for n in 1 2 3; do echo "run $QUEUECTL_RUN line $n"; done; exit 1';
  await cli.enqueueAll([{ command, max_retries: 2, backoff_max: 0 }]);
  await cli.drain();
  expect(await cli.ok('logs', '1')).toBe('run 2 line 1\nrun 2 line 2\nrun 2 line 3\n');
  expect(await cli.ok('logs', '1', '--run', '1', '-n', '2')).toBe('run 1 line 2\nrun 1 line 3\n');
  expect(await cli.ok('logs', '1', '-n', '0')).toBe('');
  const noRun = await cli.run(['logs', '1', '--run', '3']);
  expect(noRun).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/^error: job 1 has no run 3/),
  });
});

test('a job that has not run yet has printed nothing', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const none = await cli.run(['logs', '1']);
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'job 1 has not run yet: it is pending\n' });
});

/** A job that has ended, whose output came in three pieces: a line of each stream, and one with a break in it. */
async function printedBothStreams(cli: Cli): Promise<void> {
  const command =
    'echo out; sleep 0.05; echo err >&2; sleep 0.05; printf par; sleep 0.05; echo warn >&2; sleep 0.05; echo tial';
  await cli.ok('enqueue', '--', command);
  await cli.drain();
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /gm;

test('logs shows both streams in their order, or one of them', async () => {
  const cli = createCli();
  await printedBothStreams(cli);
  expect(await cli.ok('logs', '1')).toBe('out\nerr\nparwarn\ntial\n');
  expect(await cli.ok('logs', '1', '--stdout')).toBe('out\npartial\n');
  expect(await cli.ok('logs', '1', '--stderr')).toBe('err\nwarn\n');
  expect(await cli.ok('logs', '1', '--stderr', '-n', '1')).toBe('warn\n');
  const both = await cli.run(['logs', '1', '--stdout', '--stderr']);
  expect(both).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('exclude each other') });
});

test('logs -t puts before each line when it began, wherever it goes on', async () => {
  const cli = createCli();
  const from = Date.now();
  await printedBothStreams(cli);
  const to = Date.now();
  const text = await cli.ok('logs', '1', '-t');
  expect(text.replaceAll(TIME, '')).toBe('out\nerr\nwarn\npartial\n');
  const times = linesOf(text).map((line) => Date.parse(line.split(' ')[0] ?? ''));
  // The line that was begun before the warning ended after it.
  expect(times).toEqual([0, 1, 3, 2].map((at) => times.toSorted((a, b) => a - b)[at]));
  // By this machine's clock; the times of the run are by that of the store.
  expect(Math.min(...times)).toBeGreaterThanOrEqual(from);
  expect(Math.max(...times)).toBeLessThanOrEqual(to);
});

test('logs --json is an object a line', async () => {
  const cli = createCli();
  await printedBothStreams(cli);
  const time = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
  expect(linesOf(await cli.ok('logs', '1', '--json')).map((line) => JSON.parse(line))).toEqual([
    { run: 1, time, stream: 'stdout', text: 'out' },
    { run: 1, time, stream: 'stderr', text: 'err' },
    { run: 1, time, stream: 'stderr', text: 'warn' },
    { run: 1, time, stream: 'stdout', text: 'partial' },
  ]);
  expect(await cli.ok('logs', '1', '--stderr', '--json', '--fields', 'text')).toBe(
    '{"text":"err"}\n{"text":"warn"}\n',
  );
});

test('logs --since begins at a time, given as such or as how long ago that is', async () => {
  const cli = createCli();
  await printedBothStreams(cli);
  const at = (await cli.ok('logs', '1', '-t', '--stderr', '-n', '1')).split(' ')[0] ?? '';
  expect(await cli.ok('logs', '1', '--since', at)).toBe('warn\ntial\n');
  expect(await cli.ok('logs', '1', '--since', at, '--stdout', '-n', '1')).toBe('tial\n');
  expect(await cli.ok('logs', '1', '--since', '1h')).toBe('out\nerr\nparwarn\ntial\n');
  expect(await cli.ok('logs', '1', '--since', '0s')).toBe('');
  const bad = await cli.run(['logs', '1', '--since', 'soon']);
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --since .*"soon"\nhint: /) });
});

test('logs -f follows what is selected, run after run', async () => {
  const cli = createCli();
  const command = `for n in 1 2; do echo "old $n"; done; sleep 0.1; for n in 1 2; do echo "bad $n" >&2; done
    while [ ! -e go ]; do sleep 0.05; done; printf "end $QUEUECTL_RUN"; exit 1`;
  await cli.ok('enqueue', '--max-retries', '2', '--backoff-max', '100ms', '--', command);
  const worker = await cli.startWorker(['--until-empty']);
  const before = cli.start(['logs', '-f', '1']);
  await before.saw('bad 2\n');
  const followers = {
    stdout: cli.start(['logs', '-f', '--stdout', '-n', '1', '1']),
    stderr: cli.start(['logs', '-f', '--stderr', '--since', '1h', '1']),
    timed: cli.start(['logs', '-f', '-t', '-n', '2', '--stdout', '1']),
    json: cli.start(['logs', '-f', '--json', '--fields', 'run,stream,text', '-n', '1', '1']),
  };
  await followers.stdout.saw('old 2\n');
  await followers.stderr.saw('bad 2\n');
  await followers.timed.saw('old 2\n');
  await followers.json.saw('bad 2');
  await cli.shell('touch go');
  const ended = await Promise.all(Object.values(followers).map((follower) => follower.ended));
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(ended.map(() => [0, '']));
  const [stdout, stderr, timed, json] = ended.map((end) => end.stdout);
  expect(stdout).toBe('old 2\nend 1old 1\nold 2\nend 2');
  expect(stderr).toBe('bad 1\nbad 2\nbad 1\nbad 2\n');
  expect(timed?.replaceAll(TIME, '')).toBe('old 1\nold 2\nend 1\nold 1\nold 2\nend 2\n');
  expect(linesOf(json ?? '').filter((line) => line.includes('"run":1'))).toEqual([
    '{"run":1,"stream":"stderr","text":"bad 2"}',
    '{"run":1,"stream":"stdout","text":"end 1"}',
  ]);
  expect(linesOf(json ?? '')).toHaveLength(7);
  await worker.ended;
});

test('a log that outgrew its cap keeps its head and its tail, and says apart from them what is missing', async () => {
  const cli = createCli();
  await cli.ok('config', 'set', 'max_output', '256K');
  await cli.ok('enqueue', '--', 'echo head; head -c 3000000 /dev/zero | tr "\\0" x; echo; echo tail');
  await cli.drain();
  const whole = await cli.run(['logs', '1']);
  const dropped = Number(/^\[(\d+) bytes dropped\]\n$/.exec(whole.stderr)?.[1]);
  expect(whole.bytes.length + dropped).toBe(3_000_011);
  expect(dropped).toBeGreaterThan(2_700_000);
  expect(whole.stdout.startsWith('head\nxxx') && whole.stdout.endsWith('xxx\ntail\n')).toBe(true);
  expect(await cli.json('show', '1')).toMatchObject({ runs: [{ output_bytes: 3_000_011 }] });
  expect(await cli.run(['logs', '1', '-n', '1'])).toMatchObject({ stdout: 'tail\n', stderr: '' });
  expect(await cli.run(['logs', '-f', '1', '-n', '1'])).toMatchObject({ stdout: 'tail\n', stderr: '' });
  const notes = linesOf(await cli.ok('logs', '1', '--json')).map(
    (line) => JSON.parse(line) as { stream: string },
  );
  expect(notes.filter(({ stream }) => stream === 'note')).toMatchObject([
    { text: `${dropped} bytes dropped` },
  ]);
  expect((await cli.run(['logs', '1', '-q'])).stderr).toBe('');
});

test('a log of plain text says in one line what it cannot tell', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--max-retries', '1', '--', 'echo out; echo err >&2; exit 1');
  await cli.ok('enqueue', '--', 'seq 1 20000');
  await runWithoutNative(cli);
  expect(await cli.ok('logs', '1')).toBe('out\nerr\n');
  expect(await cli.ok('logs', '1', '-n', '1')).toBe('err\n');
  expect(await cli.ok('logs', '2', '-n', '2')).toBe('19999\n20000\n');
  expect(await cli.ok('logs', '-f', '2', '-n', '2')).toBe('19999\n20000\n');
  expect(JSON.parse(linesOf(await cli.ok('logs', '1', '--json'))[0] ?? '')).toEqual({
    run: 1,
    time: null,
    stream: null,
    text: 'out',
  });
  for (const flags of [['--stderr'], ['--stdout'], ['--since', '1h'], ['-t'], ['--stderr', '-n', '1']]) {
    // Kept small in the row, and in a file.
    const words = ['1', '2'].flatMap((id) => [
      [id, ...flags],
      [id, ...flags, '-f'],
    ]);
    for (const refused of await Promise.all(words.map((each) => cli.run(['logs', ...each])))) {
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^error: the log of this run is plain text: .*\nhint: .*\n$/);
    }
  }
  expect(linesOf(await cli.ok('show', '1')).slice(-2)).toEqual(['out', 'err']);
});

/** Runs what is enqueued as on a machine where the native launcher cannot be built. */
async function runWithoutNative(cli: Cli): Promise<void> {
  const queue = await openQueue(cli.home, {
    env: cli.database === null ? {} : { QUEUECTL_DATABASE_URL: cli.database },
  });
  const launcher = createNodeLauncher();
  await new Worker(queue, { slots: 1, untilEmpty: true, launcher }).run();
  await launcher.close();
  await queue.close();
}

test('on a terminal what is missing stands in its place, on a line of its own', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.ok('config', 'set', 'max_output', '256K');
  await cli.ok('enqueue', '--', 'head -c 3000000 /dev/zero | tr "\\0" x');
  await cli.drain();
  const shown = await inTerminal(cli, 'queuectl logs 1');
  expect(shown.toString()).toMatch(/x\r\n\[\d+ bytes dropped\]\r\nx/);
});
