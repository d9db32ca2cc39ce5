/** Commands, flags, ids and states that do not exist. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import { expectRefusals } from './refusals.js';

const REFUSALS = {
  'unknown commands': [
    { args: ['lst'], message: 'unknown command "lst"', hint: 'did you mean "list"?' },
    { args: ['stop'], message: 'unknown command "stop"', hint: 'did you mean "worker stop"?' },
    { args: ['worker', 'strat'], message: 'unknown command "worker strat"' },
    {
      args: ['frobnicate'],
      message: 'unknown command "frobnicate"',
      hint: 'queuectl help lists the commands',
    },
    { args: ['help', 'enqueu'], message: 'unknown command "enqueu"', hint: 'did you mean "enqueue"?' },
    { args: ['help', 'exit-code'], message: 'unknown topic "exit-code"' },
  ],
  'unknown flags, and flags without their value': [
    { args: ['list', '--stat', 'dead'], message: `unknown option '--stat'`, hint: 'did you mean "--state"?' },
    {
      args: ['enqueue', '--max-retires', '3', '--', 'x'],
      message: `unknown option '--max-retires'`,
      hint: 'did you mean "--max-retries"?',
    },
    { args: ['--frobnicate'], message: 'unknown option "--frobnicate"' },
    { args: ['enqueue', '--timeout'], message: `option '--timeout <DURATION>' argument missing` },
    { args: ['list', '--limit', '0'], message: '--limit must be a whole number from 1 to 1000000, not 0' },
    {
      args: ['worker', 'start', '--count', '0'],
      message: '--count must be a whole number from 1 to 1000, not 0',
    },
    {
      args: ['worker', 'start', '--count', 'many'],
      message: '--count must be a whole number from 1 to 1000, not "many"',
    },
    { args: ['status', '--lock-timeout', 'x'], message: '--lock-timeout must be a duration, not "x"' },
    { args: ['logs', '-f', '--run', '1', '1'], message: '--follow and --run exclude each other' },
  ],
  'missing and superfluous words': [
    { args: ['show'], message: `missing required argument 'id'` },
    {
      args: ['dlq', 'retry'],
      message: 'which jobs?',
      hint: 'queuectl dlq retry 42, or by a filter: queuectl dlq retry queue:mail',
    },
    { args: ['status', 'now'], message: 'too many arguments' },
    { args: ['show', '1', '2'], message: 'too many arguments' },
  ],
  'unknown ids and states': [
    {
      args: ['show', '99'],
      code: 3,
      message: 'no job "99"',
      hint: 'queuectl list --state all shows what there is',
    },
    { args: ['show', 'nobody'], code: 3, message: 'no job "nobody"' },
    { args: ['logs', '-f', '99'], code: 3, message: 'no job "99"' },
    { args: ['dlq', 'retry', '99'], code: 3, message: 'no job "99"' },
    { args: ['show', '99999999999999999999'], code: 3, message: 'no job "99999999999999999999"' },
    { args: ['show', '01'], code: 3, message: 'no job "01"' },
    { args: ['dlq', 'retry', '1'], code: 4, message: 'job 1 is pending, not dead' },
    { args: ['logs', '1', '--run', '5'], code: 3, message: 'job 1 has no run 5: it has not run yet' },
    {
      args: ['list', '--state', 'pendng'],
      message: 'unknown state "pendng"',
      hint: 'did you mean "pending"?',
    },
    { args: ['list', '--state', 'dead,'], message: '--state has an empty word in it: "dead,"' },
  ],
};

test.each(Object.entries(REFUSALS))('%s', async (_what, refusals) => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  await expectRefusals(cli, refusals);
});

test('a group of commands alone lists them, with 2', async () => {
  const cli = createCli();
  const group = await cli.run(['worker']);
  expect(group).toMatchObject({ code: 2, stdout: '' });
  expect(group.stderr).toMatch(/^error: "worker" needs one more word\n {2}worker start /);
});

test('--fields without --json is refused before anything is done', async () => {
  const cli = createCli();
  const refused = await cli.run(['enqueue', '--fields', 'id', '--', 'true']);
  expect(refused).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: --fields needs --json\n/),
  });
  expect(await cli.ok('list', '-q')).toBe('');
});

test('--debug adds where an error came from', async () => {
  const cli = createCli();
  const { stderr } = await cli.run(['show', '99', '--debug']);
  expect(stderr).toMatch(/^error: no job "99"\nhint: .+\nQueueError: no job "99"\n {4}at /);
});

test('an unknown field of --fields is named', async () => {
  const cli = createCli();
  const { code, stderr } = await cli.run(['list', '--json', '--fields', 'id,stat']);
  const hint = 'did you mean "state"?';
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toEqual({ error: { code: 'usage', message: 'unknown field "stat"', hint } });
});
