/** Workers that die by SIGKILL. */
import { expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';

/**
 * Each run holds a lock that lasts as long as any process of it, and notes in the ledger whether it got it. The
 * first run never ends by itself, and ignores TERM; later ones end at once.
 */
const COMMAND = `trap '' TERM; exec 9> lock
if flock -n 9; then echo alone $$ >> ledger; else echo overlap $$ >> ledger; fi
test "$QUEUECTL_RUN" -gt 1 || while :; do sleep 1; done`;

async function untilRuns(cli: Cli, count: number): Promise<void> {
  await waitUntil(() => linesOf(cli.read('ledger')).length === count, {
    what: `run ${count}`,
  });
}

function expectNoOverlap(cli: Cli, runs: number): void {
  const words = linesOf(cli.read('ledger')).map((line) => line.split(' ')[0]);
  expect(words).toEqual(Array.from({ length: runs }, () => 'alone'));
}

test('a living worker runs the job of a killed one again, and ends the first run before', async ({
  skip,
}) => {
  if (!hasProgram('flock')) skip('flock is not installed');
  const cli = createCli();
  await cli.ok('enqueue', '--', COMMAND);
  const first = await cli.startWorker();
  await untilRuns(cli, 1);
  const second = await cli.startWorker();
  await first.kill('SIGKILL');
  await second.saw('Rescued job 1 (crash): now ');
  await second.saw('Job 1 completed successfully.');
  await second.kill('SIGTERM');
  expectNoOverlap(cli, 2);
  const job = await cli.json('show', '1');
  expect(job).toMatchObject({ state: 'completed', attempts: 0, crashes: 1, run: 2 });
  expect(job).toMatchObject({ runs: [{ outcome: 'lost' }, { outcome: 'success' }] });
});

test('with no other worker the job runs again at the next start', async ({ skip }) => {
  if (!hasProgram('flock')) skip('flock is not installed');
  const cli = createCli();
  await cli.ok('enqueue', '--', COMMAND);
  const first = await cli.startWorker();
  await untilRuns(cli, 1);
  await first.kill('SIGKILL');
  // The dead worker is not shown as one that runs, whatever its row says.
  expect(await cli.json('worker', 'list')).toEqual([]);
  expect(await cli.json('status')).toMatchObject({ jobs: { processing: 1 }, workers: { running: 0 } });
  const second = await cli.startWorker();
  await second.saw('Job 1 completed successfully.');
  await second.kill('SIGTERM');
  expectNoOverlap(cli, 2);
});

test('a killed worker with many jobs loses none of them', async () => {
  const cli = createCli();
  const command = `echo $QUEUECTL_JOB_ID $QUEUECTL_RUN >> ledger; test $QUEUECTL_RUN -gt 1 || while :; do sleep 1; done`;
  await cli.enqueueAll(Array.from({ length: 6 }, () => ({ command })));
  const first = await cli.startWorker(['--count', '6']);
  await untilRuns(cli, 6);
  await first.kill('SIGKILL');
  const second = await cli.startWorker(['--count', '6']);
  for (let id = 1; id <= 6; id += 1) await second.saw(`Job ${id} completed successfully.`);
  await second.kill('SIGTERM');
  const runs = linesOf(cli.read('ledger')).toSorted();
  expect(runs).toEqual([1, 2, 3, 4, 5, 6].flatMap((id) => [`${id} 1`, `${id} 2`]));
});
