/** What is in the queue is there after everything was killed and started again. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';

test('jobs in every state, their runs, their output and the counters survive a restart', async () => {
  const cli = createCli();
  await cli.enqueueAll([
    { id: 'done', command: 'echo done', priority: 9 },
    { id: 'dead', command: 'echo dead; exit 3', max_retries: 1, priority: 8 },
    { id: 'waits', command: 'exit 4', backoff_base: 100, priority: 7 },
    { id: 'later', command: 'true', delay: '1h' },
    { id: 'busy', command: 'echo busy; exec sleep 600', priority: 1 },
    { id: 'next', command: 'true' },
  ]);
  const worker = await cli.startWorker();
  await worker.saw('Claimed job busy');
  await worker.kill('SIGKILL');

  const before = await cli.json<object[]>('list', '--state', 'all');
  const counted = { completed: 1, dead: 1, failed: 1, scheduled: 1, processing: 1, pending: 1 };
  expect(await cli.json('status')).toMatchObject({ jobs: counted });
  // Another process, nothing in its memory: the same rows.
  expect(await cli.json('list', '--state', 'all')).toEqual(before);
  expect(await cli.ok('logs', 'done')).toBe('done\n');
  expect(await cli.json('dlq', 'list')).toMatchObject([{ id: 'dead', exit_code: 3, output: 'dead' }]);

  const again = await cli.startWorker();
  await again.saw('Rescued job busy (crash): now ');
  await again.saw('Job next completed successfully.');
  await again.saw('Claimed job busy');
  again.signal('SIGTERM');
  await again.saw('Shutting down');
  expect((await again.kill('SIGTERM')).code).toBe(143);
  const { jobs } = await cli.json<{ jobs: Record<string, number> }>('status');
  expect(jobs).toMatchObject({ completed: 2, dead: 1, failed: 1, scheduled: 1, processing: 0, pending: 1 });
  const all = await cli.json<{ state: string }[]>('list', '--state', 'all');
  const rows = (state: string): number => all.filter((job) => job.state === state).length;
  expect(jobs).toEqual(Object.fromEntries(Object.keys(jobs).map((state) => [state, rows(state)])));
  expect(await cli.json('show', 'waits')).toMatchObject({ state: 'failed', attempts: 1 });
});

test('workers that all start at once in an empty home come up', async () => {
  const cli = createCli();
  const workers = await Promise.all(Array.from({ length: 6 }, () => cli.startWorker()));
  expect(await cli.json('status')).toMatchObject({ workers: { running: 6 } });
  expect(JSON.parse(cli.read('home/config.json'))).toEqual({});
  await Promise.all(workers.map((worker) => worker.kill('SIGTERM')));
});
