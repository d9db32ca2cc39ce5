/** A run that takes too long. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import { isAlive } from '../support/processes.js';

test('a job that ignores TERM is killed after its grace, with all its processes', async () => {
  const cli = createCli();
  // The shell and its child both ignore TERM; neither ends by itself.
  const command = `trap '' TERM; sh -c 'echo $$; while :; do sleep 1; done' & echo $$; while :; do sleep 1; done`;
  await cli.ok('enqueue', '--timeout', '1s', '--grace', '300ms', '--max-retries', '1', '--', command);
  expect(await cli.drain()).toContain('[Worker 1] Job 1 moved to the dead letter queue: timed out after 1s.');
  const pids = linesOf(await cli.ok('logs', '1')).map(Number);
  expect(pids).toHaveLength(2);
  expect(pids.filter(isAlive)).toEqual([]);
  type Shown = { runs: { duration_ms: number }[] };
  const shown = await cli.json<Shown>('show', '1');
  expect(shown).toMatchObject({
    state: 'dead',
    attempts: 1,
    signal: 'SIGKILL',
    runs: [{ outcome: 'timeout' }],
  });
  expect(shown.runs[0]?.duration_ms).toBeGreaterThanOrEqual(1300);
});

test('a job may clean up after TERM; it has timed out all the same, and is tried again', async () => {
  const cli = createCli();
  const command = `trap 'echo cleaned up; exit 0' TERM; test $QUEUECTL_RUN = 2 && exit; while :; do sleep 0.05; done`;
  await cli.enqueueAll([{ command, timeout: '500ms', backoff_max: 0 }]);
  await cli.drain();
  expect(await cli.ok('logs', '--run', '1', '1')).toContain('cleaned up\n');
  expect(await cli.json('show', '1')).toMatchObject({ state: 'completed', attempts: 1, run: 2 });
});

test('a job in good time is left alone', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--timeout', '1h', '--', 'true');
  await cli.drain();
  expect(await cli.json('show', '1')).toMatchObject({ state: 'completed', timeout_ms: 3600000 });
});
