/** What a file of jobs may hold: objects a line, an array of them, commands a line; and the flags that go with it. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';

test('a JSON array is read, an element a job, whatever brackets and quotes its strings hold', async () => {
  const cli = createCli();
  const jobs = ['echo "]},[{\\"', 'echo \u{1f980}', ['echo', '[a', '{b\n}']].map((command) => ({
    command,
    env: { A: '[1,{"b":[2]}]' },
  }));
  const [spread, tight] = [JSON.stringify(jobs, null, 2), JSON.stringify(jobs)];
  for (const input of [spread, tight, `\ufeff\n ${tight}\r\n`, '[]', ' [ ] \n'])
    expect(await cli.run(['enqueue', '-'], { input })).toMatchObject({ code: 0 });
  const stored = await cli.json<object[]>('list', '--fields', 'command,env');
  expect(stored).toEqual([...jobs, ...jobs, ...jobs]);
});

test.each([
  [
    'a bad job',
    '[{"command":"a"},\n\n{"comand":"b"},{"command":"c"}]',
    'element 2 (line 3): unknown field "comand"',
  ],
  ['bad JSON', '[{"command":"a"},\n{"command" "b"}]', 'element 2 (line 2): invalid JSON at its character 12'],
  ['no object', '[{"command":"a"}, "true"]', 'element 2 (line 1): a job must be a JSON object, not "true"'],
  [
    'a missing element',
    '[{"command":"a"},\n,{"command":"c"}]',
    'line 2: element 2: expected a job, found ","',
  ],
  ['a comma too many', '[{"command":"a"},\n]', 'line 2: element 2: expected a job, found "]"'],
  ['no end', '[{"command":"a"},\n', 'line 2: the file ends before the array does after element 1'],
  ['the wrong bracket', '[{"command":"a"}\n}', 'line 2: expected "," or "]", found "}"'],
  ['something behind it', '[{"command":"a"}]\n[]', 'line 2: something follows the end of the array'],
])('an array with %s is stored up to there, and the place is named', async (_, input, message) => {
  const cli = createCli();
  const partly = await cli.run(['enqueue', '-q', '-'], { input });
  expect(partly).toMatchObject({ code: 7, stdout: '1\n' });
  expect(partly.stderr).toMatch(/^error: .*; 1 job was enqueued before it\nhint: /);
  expect(partly.stderr.slice('error: '.length)).toContain(message);
  expect(await cli.json('list', '--fields', 'command')).toEqual([{ command: 'a' }]);
});

test('the hint for an array says how to go on, and that works', async () => {
  const cli = createCli();
  const input = '[{"command":"a"},{"command":""},{"command":"c"}]';
  const { stderr } = await cli.run(['enqueue', '-'], { input });
  expect(stderr).toContain(
    "hint: mend element 2 (line 1), then go on there: jq '.[1:]' FILE | queuectl enqueue -",
  );
});

test('plain lines are commands for the shell, and flags are for all of them', async () => {
  const cli = createCli();
  const input =
    '\ufeff# images\necho "a  b" | wc\r\n\n  true\n123\n"quoted prog" x\n{ echo c; }\n[ -e x ] && y\\ \n  # z\n';
  const flags = ['-g', 'images', '--max-retries', '7', '--timeout', '1m', '-e', 'A=1', '-w', '/tmp', '-q'];
  expect(await cli.run(['enqueue', ...flags, '-'], { input })).toMatchObject({ code: 0, stderr: '' });
  const stored = await cli.json<object[]>('list', '--fields', 'command,queue,max_retries,timeout_ms,env,cwd');
  const same = { queue: 'images', max_retries: 7, timeout_ms: 60_000, env: { A: '1' }, cwd: '/tmp' };
  expect(stored).toEqual(
    ['echo "a  b" | wc', '  true', '123', '"quoted prog" x', '{ echo c; }', '[ -e x ] && y\\ '].map(
      (command) => ({
        command,
        ...same,
      }),
    ),
  );
});

test('what looks like JSON is read as commands where --format says so', async () => {
  const cli = createCli();
  const input = '{ echo a; }\n[ -e x ] || y\n';
  for (const first of input.split('\n').slice(0, 2)) {
    const guessed = await cli.run(['enqueue', '-'], { input: `${first}\n` });
    expect(guessed).toMatchObject({ code: 2, stderr: expect.stringContaining('--format lines') });
  }
  expect(await cli.run(['enqueue', '--format', 'lines', '-'], { input })).toMatchObject({ code: 0 });
  expect(await cli.json('list', '--fields', 'command')).toEqual([
    { command: '{ echo a; }' },
    { command: '[ -e x ] || y' },
  ]);
});

test('flags are what jobs of a file get that do not say otherwise', async () => {
  const cli = createCli();
  const input = [
    { id: 'a', command: 'a' },
    { id: 'b', command: 'b', queue: 'own', env: { A: 'own', C: '3' }, max_retries: null },
    { id: 'c', command: 'c', run_at: '2020-01-01T00:00:00Z' },
  ].map((job) => `${JSON.stringify(job)}\n`);
  const flags = ['-g', 'q', '--max-retries', '9', '-e', 'A=1', '-e', 'B=2', '--delay', '1h'];
  expect(await cli.run(['enqueue', '-q', ...flags, '-'], { input: input.join('') })).toMatchObject({
    code: 0,
  });
  expect(await cli.json('show', 'a')).toMatchObject({
    state: 'scheduled',
    queue: 'q',
    env: { A: '1', B: '2' },
  });
  expect(await cli.json('show', 'b')).toMatchObject({
    queue: 'own',
    max_retries: 9,
    env: { A: 'own', B: '2', C: '3' },
  });
  expect(await cli.json('show', 'c')).toMatchObject({ state: 'pending', queue: 'q' });
});
