/** Many workers, many jobs: each job runs exactly once, and a ledger proves it. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

// A short line is appended in one write: the lines of two processes do not mix.
const WRITE_LEDGER = 'echo $QUEUECTL_JOB_ID >> ledger';

async function enqueueJobs(cli: Cli, count: number): Promise<void> {
  await cli.enqueueAll(Array.from({ length: count }, () => ({ command: WRITE_LEDGER })));
}

async function expectEachOnce(cli: Cli, count: number): Promise<void> {
  const ran = linesOf(cli.read('ledger')).map(Number);
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  const { jobs } = await cli.json<{ jobs: Record<string, number> }>('status');
  expect(jobs).toMatchObject({ completed: count, pending: 0, processing: 0, failed: 0, dead: 0 });
}

test('eight worker processes run a thousand jobs, each exactly once', async () => {
  const cli = createCli();
  await enqueueJobs(cli, 1000);
  const workers = Array.from({ length: 8 }, () => cli.start(['worker', 'start', '--until-empty']));
  const ended = await Promise.all(workers.map((worker) => worker.ended));
  for (const { code, stderr } of ended) {
    expect(code).toBe(0);
    expect(stderr).toMatch(/^name: w\d+\nlauncher: (node|native)\n$/);
  }
  const completed = ended
    .flatMap(({ stdout }) => linesOf(stdout))
    .filter((line) => line.includes('completed successfully'));
  expect(completed).toHaveLength(1000);
  await expectEachOnce(cli, 1000);
});

test('one worker with eight slots runs a thousand jobs, each exactly once', async () => {
  const cli = createCli();
  await enqueueJobs(cli, 1000);
  const printed = await cli.drain('--count', '8');
  for (let slot = 1; slot <= 8; slot += 1) expect(printed).toContain(`[Worker ${slot}] Claimed job `);
  await expectEachOnce(cli, 1000);
});
