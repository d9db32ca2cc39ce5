/** A failed job: when it runs again, and when it is dead. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

interface RunJson {
  readonly run: number;
  readonly outcome: string;
  readonly started_at: string;
  readonly finished_at: string;
}

/** The time between the end of each run and the start of the next one. */
async function gapsOf(cli: Cli, id: string): Promise<number[]> {
  const { runs } = await cli.json<{ runs: RunJson[] }>('show', id);
  return runs
    .slice(1)
    .map((run, index) => Date.parse(run.started_at) - Date.parse(runs[index]?.finished_at ?? ''));
}

test('a failed job waits backoff_base ^ attempts seconds, and max_retries counts its runs', async () => {
  const cli = createCli();
  await cli.enqueueAll([
    { id: 'default', command: 'no-such-program-anywhere' },
    { id: 'two', command: 'exit 7', max_retries: 2 },
    { id: 'one', command: 'exit 7', max_retries: 1 },
    { id: 'none', command: 'exit 7', max_retries: 0 },
    { id: 'base1', command: 'exit 7', backoff_base: 1 },
    { id: 'capped', command: 'exit 7', backoff_max: '200ms', max_retries: 6 },
    { id: 'jittered', command: 'exit 7', backoff_max: '400ms', jitter: 0.5, max_retries: 6 },
    { id: 'second', command: 'test "$QUEUECTL_RUN" = 2', backoff_max: '100ms' },
  ]);
  await cli.drain('--count', '4');
  const jobs = await cli.json<{ id: string; attempts: number; exit_code: number }[]>(
    'list',
    '--state',
    'dead',
  );
  const ends = Object.fromEntries(jobs.map(({ id, attempts, exit_code: code }) => [id, [attempts, code]]));
  expect(ends).toEqual({
    default: [3, 127],
    two: [2, 7],
    one: [1, 7],
    none: [1, 7],
    base1: [3, 7],
    capped: [6, 7],
    jittered: [6, 7],
  });
  expect(await cli.json('show', 'second')).toMatchObject({ state: 'completed', attempts: 1, run: 2 });

  const waits: Readonly<Record<string, readonly number[]>> = {
    default: [2000, 4000],
    two: [2000],
    one: [],
    none: [],
    base1: [1000, 1000],
    capped: [200, 200, 200, 200, 200],
    jittered: [200, 200, 200, 200, 200],
  };
  for (const [id, least] of Object.entries(waits)) {
    const gaps = await gapsOf(cli, id);
    expect(
      gaps.map((gap, index) => gap >= (least[index] ?? Infinity)),
      `${id} waited ${gaps.join(', ')} ms`,
    ).toEqual(least.map(() => true));
  }
});

test('a job that waits for its retry shows as failed, and list says where it is', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--backoff-base', '100', '--', 'exit 1');
  await cli.ok('enqueue', '--backoff-base', '50', '--', 'exit 1');
  const worker = await cli.startWorker(['--count', '2']);
  await worker.saw('[Worker 1] Job 1 failed: exit code 1. Next try in 1m40s.');
  await worker.saw('Job 2 failed: exit code 1. Next try in 50s.');
  await worker.kill('SIGTERM');
  const { stdout, stderr } = await cli.run(['list']);
  expect(linesOf(stdout)).toEqual(['--- Jobs (pending) ---', 'id\tcommand\tstate\tattempts\tupdated_at']);
  expect(stderr).toBe('2 failed jobs wait for their retry: queuectl list --state failed\n');
  expect(linesOf(await cli.ok('list', '--state', 'failed', '-q')), 'the next due first').toEqual(['2', '1']);
});

test('dlq retry puts a dead job back with all its attempts, and keeps its history', async () => {
  const cli = createCli();
  await cli.ok(
    'enqueue',
    '--id',
    'job-fail-123',
    '--max-retries',
    '1',
    '--',
    'echo run $QUEUECTL_RUN; test -e mended',
  );
  expect(await cli.drain()).toContain(
    '[Worker 1] Job job-fail-123 moved to the dead letter queue: exit code 1.',
  );
  expect(await cli.ok('dlq', 'retry', 'job-fail-123')).toBe(
    '✅ Job job-fail-123 has been re-queued for retry.\n',
  );
  expect(await cli.json('show', 'job-fail-123')).toMatchObject({ state: 'pending', attempts: 0, run: 1 });
  await cli.shell('touch mended');
  await cli.drain();
  const job = await cli.json<{ runs: RunJson[] }>('show', 'job-fail-123');
  expect(job).toMatchObject({ state: 'completed', attempts: 0, run: 2 });
  expect(job.runs.map(({ run, outcome }) => [run, outcome])).toEqual([
    [1, 'failure'],
    [2, 'success'],
  ]);
  expect(await cli.ok('logs', 'job-fail-123')).toBe('run 2\n');
  expect(await cli.ok('logs', '--run', '1', 'job-fail-123')).toBe('run 1\n');
});

test('dlq retry of several does what it can, and names the others', async () => {
  const cli = createCli();
  await cli.enqueueAll([
    { id: 'a', command: 'false', max_retries: 1 },
    { id: 'b', command: 'true' },
  ]);
  await cli.drain();
  const { code, stdout, stderr } = await cli.run(['dlq', 'retry', 'a', 'b', 'c', 'a']);
  expect({ code, stdout }).toEqual({ code: 7, stdout: '✅ Job a has been re-queued for retry.\n' });
  expect(stderr).toMatch(/^error: 2 of 3 jobs were not retried: .*\bb\b.*"c"\nhint: .+\n$/);
});
