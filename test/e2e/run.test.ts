/** `queuectl run`: a command in the foreground, as a recorded job. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';

test('run passes on what the command prints and nothing else', async () => {
  const cli = createCli();
  const hello = await cli.run(['run', '--', 'echo', 'Hello World']);
  expect(hello).toMatchObject({ code: 0, stdout: 'Hello World\n', stderr: '' });
});

test('run keeps the two streams apart, and the record has both', async () => {
  const cli = createCli();
  const both = await cli.run(['run', '--', 'echo to stdout; echo to stderr >&2; exit 3']);
  expect(both).toMatchObject({ code: 3, stdout: 'to stdout\n', stderr: 'to stderr\n' });
  expect(linesOf(await cli.ok('logs', '1')).toSorted()).toEqual(['to stderr', 'to stdout']);
  expect(await cli.json('show', '1')).toMatchObject({ state: 'dead', attempts: 1, exit_code: 3 });
});

test('several words reach the command exactly as they are, one word is a line for the shell', async () => {
  const cli = createCli();
  const words = ['$HOME', 'two  blanks', '', '*', "it's", '-q', '--', ';', 'ü'];
  const exact = await cli.run(['run', '--', 'printf', '[%s]', ...words]);
  expect(exact.stdout).toBe(words.map((word) => `[${word}]`).join(''));
  expect((await cli.run(['run', '--', 'echo a && echo b'])).stdout).toBe('a\nb\n');
});

test.each([
  { why: 'a code of its own', words: ['exit 42'], code: 42, stderr: '' },
  { why: '128+n by a signal', words: ['kill -TERM $$'], code: 143, stderr: 'job 1: killed by SIGTERM\n' },
  {
    why: '127 not found',
    words: ['/no/such', 'x'],
    code: 127,
    stderr: 'job 1: command not found: /no/such\n',
  },
  {
    why: '126 not executable',
    words: ['/etc/passwd', 'x'],
    code: 126,
    stderr: 'job 1: permission denied: /etc/passwd\n',
  },
])('run exits as the job does: $why', async ({ words, code, stderr }) => {
  const cli = createCli();
  expect(await cli.run(['run', '--', ...words])).toMatchObject({ code, stdout: '', stderr });
});

test('run exits with 124 when the job timed out', async () => {
  const cli = createCli();
  const late = await cli.run(['run', '--timeout', '300ms', '--', 'sleep', '600']);
  expect(late).toMatchObject({ code: 124, stderr: 'job 1: timed out after 300ms\n' });
  expect(await cli.json('show', '1')).toMatchObject({ state: 'dead', reason: 'timed out after 300ms' });
});

test.each([
  { why: 'no command', args: ['run'] },
  { why: 'no "--"', args: ['run', 'echo', 'hi'] },
  { why: 'a bad option', args: ['run', '--timeout', 'soon', '--', 'true'] },
  { why: 'an option of enqueue alone', args: ['run', '--delay', '5s', '--', 'true'] },
  { why: 'an empty command', args: ['run', '--', ''] },
])('an error of queuectl itself is 125, so that it is no code of the job: $why', async ({ args }) => {
  const cli = createCli();
  const refused = await cli.run(args);
  expect(refused).toMatchObject({ code: 125, stdout: '' });
  expect(refused.stderr).toMatch(/^error: .+\nhint: .+\n$/);
});

test('under --json the job follows on stderr, as one line', async () => {
  const cli = createCli();
  const { stdout, stderr, code } = await cli.run(['run', '--json', '--id', 'one', '--', 'echo out; exit 2']);
  expect({ stdout, code }).toEqual({ stdout: 'out\n', code: 2 });
  expect(linesOf(stderr)).toHaveLength(1);
  expect(JSON.parse(stderr)).toMatchObject({
    id: 'one',
    state: 'dead',
    exit_code: 2,
    command: 'echo out; exit 2',
  });
});

test('run keeps binary output and a missing last newline as they are', async () => {
  const cli = createCli();
  const { bytes } = await cli.run(['run', '--', `printf '\\000\\377\\033[31m'`]);
  expect(bytes).toEqual(Buffer.from([0, 0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d]));
  expect((await cli.run(['logs', '1'])).bytes).toEqual(bytes);
});

test('a reader that has seen enough ends the job', async () => {
  const cli = createCli();
  const { stdout, stderr } = await cli.shell('queuectl run -- yes | head -n 1');
  expect(stdout).toBe('y\n');
  expect(stderr).not.toMatch(/error|EPIPE/);
  expect(await cli.json('show', '1')).toMatchObject({ state: 'cancelled' });
});
