/** `stats`. */
import { expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { expectRefusals } from './refusals.js';
import { inTerminal } from './terminal.js';

interface StatsJson {
  readonly since: string;
  readonly by: string | null;
  readonly total: Record<string, number | null>;
  readonly groups: readonly Record<string, unknown>[];
}

async function withEndedJobs(): Promise<Cli> {
  const cli = createCli();
  await cli.enqueueAll([
    { command: 'true', queue: 'mail' },
    { command: 'true', queue: 'mail' },
    { command: 'exit 3', queue: 'sms', max_retries: 2, backoff_base: 1 },
    { command: 'true', queue: 'sms', id: 'never', delay: '1h' },
  ]);
  await cli.ok('cancel', 'never');
  await cli.drain('--count', '2');
  return cli;
}

test('stats counts what has ended, with its runs, in all and by queue or command', async () => {
  const cli = await withEndedJobs();
  const { since, by, total, groups } = await cli.json<StatsJson>('stats');
  expect(Date.now() - Date.parse(since)).toBeGreaterThan(23 * 3_600_000);
  expect([by, groups]).toEqual([null, []]);
  expect(total).toMatchObject({
    jobs: 4,
    completed: 2,
    dead: 1,
    cancelled: 1,
    runs: 4,
    failed_runs: 2,
    retries: 1,
    output_bytes: 0,
  });
  expect(total['success_rate']).toBeCloseTo(2 / 3);
  expect(Number(total['run_p50_ms'])).toBeLessThanOrEqual(Number(total['run_max_ms']));
  const queues = await cli.json<StatsJson>('stats', '--since', '1h', '--by', 'queue');
  expect(queues.groups.map(({ name, jobs }) => [name, jobs])).toEqual([
    ['mail', 2],
    ['sms', 2],
  ]);
  const commands = await cli.json<StatsJson>('stats', '--by', 'command', '--fields', 'groups');
  expect(commands.groups.map(({ name, jobs }) => [name, jobs])).toEqual([
    ['true', 3],
    ['exit 3', 1],
  ]);
  expect(await cli.json('stats', '--since', '2999-01-01')).toMatchObject({
    total: { jobs: 0, success_rate: null },
  });
});

test('stats is a table in a pipe, and a page on a terminal', async ({ skip }) => {
  const cli = await withEndedJobs();
  const [heading, header, ...rows] = linesOf(await cli.ok('stats', '--by', 'queue'));
  expect(heading).toMatch(/^--- Jobs that ended since \d{4}-/);
  expect(header).toBe(
    'queue\tjobs\tcompleted\tdead\tcancelled\tsuccess\tfailed_runs\tretries\trun_p50\trun_p95\trun_max\twait_p50\twait_p95\tcpu\tmemory\toutput',
  );
  expect(rows[0]).toMatch(/^mail\t2\t2\t0\t0\t100%\t0\t0\t/);
  expect(rows[1]).toMatch(/^sms\t2\t0\t1\t1\t0%\t2\t1\t/);
  expect(linesOf(await cli.ok('stats', '-q')).slice(0, 3)).toEqual([
    'field\tvalue',
    'jobs\t4',
    'completed\t2',
  ]);
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const shown = (await inTerminal(cli, 'queuectl stats')).toString();
  expect(shown).toMatch(/\r\njobs: +4\r\ncompleted: +2\r\n[^]*\r\nsuccess: +66.6%\r\n/);
});

test('stats refuses what it does not know', async () => {
  await expectRefusals(createCli(), [
    {
      args: ['stats', '--by', 'queues'],
      message: '--by takes queue or command, not "queues"',
      hint: 'did you mean "queue"?',
    },
    {
      args: ['stats', '--since', 'yesterday'],
      message: '--since must be a duration or a time, not "yesterday"',
    },
    { args: ['stats', 'mail'], message: 'too many arguments' },
  ]);
});
