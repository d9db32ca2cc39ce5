/** `queuectl config`. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import { expectRefusals } from './refusals.js';

test('config set, get, unset, list and path', async () => {
  const cli = createCli();
  expect(await cli.ok('config', 'path')).toBe(`${cli.home}/config.json\n`);
  expect(await cli.ok('config', 'set', 'max_retries', '5')).toBe('✅ Config updated: max_retries = 5\n');
  expect(await cli.ok('config', 'set', 'backoff-base', '1.5')).toBe(
    '✅ Config updated: backoff_base = 1.5\n',
  );
  expect(await cli.json('config', 'set', 'grace', '3s')).toEqual({ key: 'grace', value: '3s' });
  expect(await cli.ok('config', 'set', '-q', 'timeout', '1h')).toBe('');
  expect(await cli.ok('config', 'get', 'max-retries')).toBe('5\n');
  expect(JSON.parse(cli.read('home/config.json'))).toEqual({
    max_retries: 5,
    backoff_base: 1.5,
    grace: '3s',
    timeout: '1h',
  });

  expect(await cli.ok('config', 'unset', 'grace')).toBe('✅ Config updated: grace = 10s (default)\n');
  expect(await cli.json('config', 'unset', 'timeout')).toEqual({ key: 'timeout', value: null });
  const [heading, ...rows] = linesOf(await cli.ok('config', 'list', '--show-origin'));
  expect(heading).toBe('--- Current Configuration ---');
  expect(rows).toEqual([
    'key\tvalue\torigin',
    'max_retries\t5\tconfig.json',
    'backoff_base\t1.5\tconfig.json',
    'backoff_max\t\tdefault',
    'jitter\t0\tdefault',
    'timeout\t\tdefault',
    'grace\t10s\tdefault',
    'poll_interval_ms\t2000\tdefault',
    'lock_timeout\t10s\tdefault',
    'lease\t30s\tdefault',
    'max_output\t64MiB\tdefault',
    'keep_completed\t30d\tdefault',
    'keep_dead\tforever\tdefault',
    cli.database === null ? 'database\t\tdefault' : `database\t${cli.database}\tenvironment`,
  ]);
  expect(await cli.json('config', 'list', '--fields', 'max_retries,backoff_base')).toEqual({
    max_retries: 5,
    backoff_base: 1.5,
  });
});

test('a changed setting applies to jobs enqueued afterwards only', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'before', '--', 'exit 1');
  await cli.ok('config', 'set', 'max_retries', '1');
  await cli.ok('enqueue', '--id', 'after', '--', 'exit 1');
  await cli.ok('enqueue', '--id', 'own', '--max-retries', '2', '--', 'exit 1');
  await cli.ok('config', 'set', 'max_retries', '7');
  const retries = async (id: string): Promise<unknown> => (await cli.json('show', id))['max_retries'];
  expect([await retries('before'), await retries('after'), await retries('own')]).toEqual([3, 1, 2]);
});

test('the environment comes before config.json, and a change that it hides is pointed out', async () => {
  const cli = createCli();
  const env = { QUEUECTL_MAX_RETRIES: '9' };
  const set = await cli.run(['config', 'set', 'max_retries', '5'], { env });
  expect(set).toMatchObject({ code: 0, stdout: '✅ Config updated: max_retries = 5\n' });
  expect(set.stderr).toBe('QUEUECTL_MAX_RETRIES in the environment comes before it: 9\n');
  expect((await cli.run(['config', 'get', 'max_retries'], { env })).stdout).toBe('9\n');
  await cli.run(['enqueue', '--', 'true'], { env });
  expect(await cli.json('show', '1')).toMatchObject({ max_retries: 9 });
});

test('config list --show-origin says where each setting comes from: flag, environment, file, default', async () => {
  const cli = createCli();
  await cli.ok('config', 'set', 'lock_timeout', '7s');
  await cli.ok('config', 'set', 'max_retries', '5');
  const list = async (...flags: string[]): Promise<Record<string, unknown>> => {
    const env = { QUEUECTL_JITTER: '0.5' };
    const { code, stdout } = await cli.run(['config', 'list', '--json', ...flags], { env });
    expect(code).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const origins = await list('--show-origin', '--lock-timeout', '3s');
  expect(origins).toMatchObject({
    lock_timeout: { value: '3s', origin: 'flag' },
    jitter: { value: 0.5, origin: 'environment' },
    max_retries: { value: 5, origin: 'config.json' },
    grace: { value: '10s', origin: 'default' },
  });
  expect(await list('--lock-timeout', '3s')).toEqual(
    Object.fromEntries(
      Object.entries(origins).map(([name, shown]) => [name, (shown as { value: unknown }).value]),
    ),
  );
  expect(await list()).toMatchObject({ lock_timeout: '7s' });
});

test('config refuses what is wrong and changes nothing', async () => {
  const cli = createCli();
  const wholeNumber = 'max_retries must be a whole number from 0 to 10000, not';
  await expectRefusals(cli, [
    {
      args: ['config', 'set', 'max_retires', '5'],
      message: 'unknown setting "max_retires"',
      hint: 'did you mean "max_retries"?',
    },
    { args: ['config', 'set', 'max_retries', '-1'], message: `${wholeNumber} -1` },
    { args: ['config', 'set', 'max_retries', 'many'], message: `${wholeNumber} "many"` },
    {
      args: ['config', 'set', 'poll_interval_ms', '0'],
      message: 'poll_interval_ms must be a whole number from 10 to 3600000, not 0',
    },
    { args: ['config', 'set', 'timeout', 'soon'], message: 'timeout must be a duration, not "soon"' },
    { args: ['config', 'set', 'max_retries'], message: "missing required argument 'value'" },
    { args: ['config', 'get', 'colour'], message: 'unknown setting "colour"' },
    {
      args: ['config', 'unset', 'jiter'],
      message: 'unknown setting "jiter"',
      hint: 'did you mean "jitter"?',
    },
    { args: ['config', 'show'], message: 'unknown command "config show"' },
  ]);
  expect(cli.read('home/config.json')).toBe('');
});

test.each([
  { text: '{ "max_retries": 3,, }', message: /^error: .*config\.json is not a JSON object\nhint: / },
  { text: '[]', message: /^error: .*config\.json is not a JSON object\nhint: / },
  { text: '{ "max_retries": "3" }', message: /^error: max_retries in .*config\.json must be a whole number/ },
])('a config.json that is wrong is named, and nothing is enqueued: $text', async ({ text, message }) => {
  const cli = createCli();
  await cli.ok('status');
  await cli.shell(`printf '%s' '${text}' > home/config.json`);
  for (const args of [
    ['enqueue', '--', 'true'],
    ['config', 'list'],
    ['worker', 'start', '--until-empty'],
  ]) {
    const refused = await cli.run(args);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  }
  await cli.shell('rm home/config.json');
  expect(await cli.ok('list', '-q')).toBe('');
});
