/** `enqueue -f FILE` and `enqueue -`: a stream of jobs, one a line. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCli, linesOf, peakMemory } from '../support/cli.js';

test('five thousand lines become five thousand jobs, in their order', async () => {
  const cli = createCli();
  const lines = Array.from(
    { length: 5000 },
    (_, index) => `{"command":"echo ${index + 1}","priority":${index % 3}}\n`,
  );
  writeFileSync(cli.path('jobs.ndjson'), lines.join(''));
  expect(await cli.ok('enqueue', '-f', 'jobs.ndjson')).toBe(
    '✅ 5000 jobs enqueued successfully. IDs: 1-5000\n',
  );
  expect(await cli.json('status')).toMatchObject({ jobs: { pending: 5000 } });
  expect(await cli.json('show', '4321')).toMatchObject({
    command: 'echo 4321',
    priority: 0,
    cwd: cli.directory,
  });
});

test('a BOM, CR LF, blank lines and a missing last newline do no harm', async () => {
  const cli = createCli();
  const input =
    '\ufeff{"command":"echo a","id":"a"}\r\n\r\n   \n{"command":"echo ü","id":"b"}\r\n\n{"command":["c"],"id":"c"}';
  expect(await cli.run(['enqueue', '-q', '-'], { input })).toMatchObject({
    code: 0,
    stdout: 'a\nb\nc\n',
    stderr: '',
  });
  expect(await cli.json('show', 'b')).toMatchObject({ command: 'echo ü' });
});

test('an empty stream stores nothing and is no error', async () => {
  const cli = createCli();
  const empty = await cli.run(['enqueue', '--file', '-'], { input: '\n\n' });
  expect(empty).toMatchObject({ code: 0, stdout: '', stderr: 'there was no job to enqueue\n' });
});

test.each([
  { why: 'broken JSON', bad: '{"command":"x",}', message: /line 3, column 16/ },
  { why: 'no object', bad: '"sleep 2"', message: /line 3: a job must be a JSON object/ },
  { why: 'a list', bad: '["sleep", "2"]', message: /line 3: a job must be a JSON object/ },
  { why: 'an unknown field', bad: '{"comand":"x"}', message: /line 3: unknown field "comand"/ },
  {
    why: 'a bad value',
    bad: '{"command":"x","priority":"high"}',
    message: /line 3: "priority" must be a whole number/,
  },
  {
    why: 'bytes that are not UTF-8',
    bad: Buffer.from('{"command":"\xff"}', 'latin1'),
    message: /line 3: it is not valid UTF-8/,
  },
  { why: 'a NUL byte', bad: '{"command":"a\\u0000b"}', message: /line 3: "command" contains a NUL byte/ },
])(
  'a bad line is named by its number; those before it are stored and 7 says so: $why',
  async ({ bad, message }) => {
    const cli = createCli();
    const input = Buffer.concat(
      ['{"command":"one"}\n\n', bad, '\n{"command":"never"}\n'].map((part) => Buffer.from(part)),
    );
    const partly = await cli.run(['enqueue', '-q', '-'], { input });
    expect(partly).toMatchObject({ code: 7, stdout: '1\n' });
    expect(partly.stderr).toMatch(message);
    expect(partly.stderr).toMatch(/^error: .*; 1 job was enqueued before it\nhint: .*tail -n \+3 .*\n$/);
    expect(await cli.json('list', '--fields', 'command')).toEqual([{ command: 'one' }]);
  },
);

test('where the first job is bad nothing is stored, and the error is its own', async () => {
  const cli = createCli();
  const refused = await cli.run(['enqueue', '-'], { input: '{"command":""}\n{"command":"true"}\n' });
  expect(refused).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: line 1: "command" is empty\nhint: /),
  });
  expect(await cli.ok('list', '-q')).toBe('');
});

test('an id that comes twice in one stream is a conflict, or with --on-conflict ignore left alone', async () => {
  const cli = createCli();
  const input = ['a', 'b', 'a', 'c'].map((id) => `{"id":"${id}","command":"true"}\n`).join('');
  const conflict = await cli.run(['enqueue', '-'], { input });
  expect(conflict).toMatchObject({
    code: 7,
    stderr: expect.stringMatching(/line 3: job "a" exists already; 2 jobs were/),
  });
  const ignored = await cli.run(['enqueue', '--on-conflict', 'ignore', '-'], { input });
  expect(ignored).toMatchObject({
    code: 0,
    stdout: '✅ Job enqueued successfully. ID: c (3 existed already)\n',
  });
  const json = await cli.run(['enqueue', '--on-conflict', 'ignore', '--json', '-'], { input });
  expect(linesOf(json.stdout).map((line) => JSON.parse(line))).toEqual(
    ['a', 'b', 'a', 'c'].map((id) => ({ id, state: null, existed: true })),
  );
  expect(linesOf(await cli.ok('list', '-q'))).toEqual(['a', 'b', 'c']);
});

test.each([
  { why: 'no such file', args: ['-f', 'missing'], code: 2, message: 'cannot read missing: no such file' },
  { why: 'a directory', args: ['-f', '.'], code: 2, message: 'cannot read .: it is a directory' },
  {
    why: 'a file and a job',
    args: ['-f', 'x', '--', 'true'],
    code: 2,
    message: 'a file and a job exclude each other',
  },
  {
    why: 'a file and an id',
    args: ['--id', 'a', '-'],
    code: 2,
    message: '--id is for one job',
  },
  {
    why: 'an unknown format',
    args: ['--format', 'jsn', '-'],
    code: 2,
    message: 'unknown value of --format "jsn"',
  },
  {
    why: 'a format without a file',
    args: ['--format', 'json', '--', 'true'],
    code: 2,
    message: '--format needs a file',
  },
  {
    why: 'a bad flag, before anything is read',
    args: ['--timeout', 'soon', '-'],
    code: 2,
    message: '--timeout must be a duration, not "soon"',
  },
])('enqueue of a file refuses $why', async ({ args, code, message }) => {
  const cli = createCli();
  const refused = await cli.run(['enqueue', ...args]);
  expect(refused).toMatchObject({ code, stdout: '' });
  expect(refused.stderr.split('\n')[0]).toBe(`error: ${message}`);
});

test('two hundred thousand lines pass through in little memory', async () => {
  const cli = createCli();
  writeFileSync(cli.path('jobs.ndjson'), '{"command":"true"}\n'.repeat(200_000));
  const started = cli.start(['enqueue', '-f', 'jobs.ndjson']);
  let peak = 0;
  const look = setInterval(() => (peak = Math.max(peak, peakMemory(started.pid))), 20);
  const { code, stdout } = await started.ended;
  clearInterval(look);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: '✅ 200000 jobs enqueued successfully. IDs: 1-200000\n',
  });
  // All of them at once would take several hundred MiB.
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(200);
});

test('a reader of the ids may leave early: all jobs are stored', async () => {
  const cli = createCli();
  const head = await cli.shell(
    `yes '{"command":"true"}' | head -n 20000 | queuectl enqueue -q - | head -n 1`,
  );
  expect(head).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
  expect(await cli.json('status')).toMatchObject({ jobs: { pending: 20000 } });
});
