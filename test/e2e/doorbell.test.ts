/** What wakes a worker that waits. */
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';

const JOBS = 11;

/**
 * How long a job waited for its idle worker; the median of several. A worker looks once a second by itself, to
 * rescue, so that a single quick start would prove nothing: chance alone gives a median under 200 ms in one
 * case of a hundred.
 */
async function medianWait(cli: Cli, prefix: string): Promise<number> {
  for (let n = 1; n <= JOBS; n += 1) await cli.ok('enqueue', '-q', '--id', `${prefix}-${n}`, '--', 'true');
  type Times = { id: string; created_at: string; started_at: string };
  const jobs = await waitUntil(
    async () => {
      const done = await cli.json<Times[]>('list', '--state', 'completed');
      const ours = done.filter((job) => job.id.startsWith(prefix));
      return ours.length === JOBS && ours;
    },
    { what: 'the jobs to run' },
  );
  const waits = jobs.map((job) => Date.parse(job.started_at) - Date.parse(job.created_at));
  return waits.toSorted((a, b) => a - b)[(JOBS - 1) / 2] ?? Infinity;
}

test('an idle worker in another process starts a new job at once, however long its poll interval', async () => {
  const cli = createCli();
  await cli.ok('config', 'set', 'poll-interval-ms', '60000');
  const worker = await cli.startWorker();
  expect(await medianWait(cli, 'rung')).toBeLessThan(200);
  await worker.kill('SIGTERM');
});

test('poll_interval_ms takes effect in a running worker: it finds jobs that nobody rings for', async () => {
  const cli = createCli();
  await cli.ok('config', 'set', 'poll_interval_ms', '60000');
  const worker = await cli.startWorker();
  // Without its file nobody can ring the doorbell.
  rmSync(`${cli.home}/doorbell`);
  await cli.ok('config', 'set', 'poll_interval_ms', '20');
  expect(await medianWait(cli, 'polled')).toBeLessThan(200);
  await worker.kill('SIGTERM');
});

test('a running worker that finds its settings broken goes on as it was, and says so', async () => {
  const cli = createCli();
  await cli.ok('config', 'set', 'poll_interval_ms', '1000');
  const worker = await cli.startWorker();
  await cli.shell('echo "{ broken" > home/config.json');
  await waitUntil(() => worker.stderr().includes('the settings stay as they were'), {
    what: 'its word about the settings',
  });
  await cli.shell('echo "{}" > home/config.json');
  await cli.ok('enqueue', '--', 'true');
  await worker.saw('Job 1 completed successfully.');
  expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0 });
});
