import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';

test('a dry run checks every line, names the bad ones, stores nothing and makes no home', async () => {
  const cli = createCli();
  const lines = [
    '{"command":"a"}',
    '{"command":""}',
    '{"command":"c","id":"x"}',
    '{',
    '{"command":"d","id":"x"}',
  ];
  const bad = await cli.run(['enqueue', '--dry-run', '-'], { input: lines.join('\n') });
  expect(bad).toMatchObject({ code: 2, stdout: '' });
  expect(bad.stderr).toMatch(
    /^line 2: "command" is empty\ninvalid JSON at line 4.*\nline 5: job "x" stands in the file already\nerror: 3 jobs are bad, the first: line 2: .*\nhint: /,
  );
  const good = await cli.run(['enqueue', '--dry-run', '-'], { input: 'true\nfalse\n' });
  expect(good).toMatchObject({ code: 0, stdout: '2 jobs would be enqueued.\n', stderr: '' });
  expect(await cli.ok('enqueue', '--dry-run', '--', 'a b')).toBe('1 job would be enqueued: a b\n');
  expect(existsSync(cli.home)).toBe(false);
  expect(await cli.json('enqueue', '--dry-run', '-d', '2s', '--', 'a', 'b c')).toMatchObject({
    id: null,
    command: ['a', 'b c'],
    queue: 'default',
    max_retries: 3,
    delay_ms: 2000,
    cwd: cli.directory,
  });
  const json = await cli.run(['enqueue', '--dry-run', '--json', '-'], { input: 'true\nfalse\n' });
  expect(linesOf(json.stdout).map((line) => JSON.parse(line).command)).toEqual(['true', 'false']);
  expect((await cli.run(['enqueue', '--dry-run', '--', ''])).code).toBe(2);
  expect(existsSync(cli.home)).toBe(false);
});
