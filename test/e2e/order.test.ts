/** Which job runs next, and when. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';

const WRITE = 'echo $QUEUECTL_JOB_ID >> order';

test('higher priorities run first, equal ones in the order of their enqueue', async () => {
  const cli = createCli();
  const priorities = {
    low1: -5,
    default1: undefined,
    high1: 10,
    low2: -5,
    high2: 10,
    default2: 0,
    highest: 1000000,
  };
  await cli.enqueueAll(
    Object.entries(priorities).map(([id, priority]) => ({ id, priority, command: WRITE })),
  );
  await cli.drain();
  expect(linesOf(cli.read('order'))).toEqual([
    'highest',
    'high1',
    'high2',
    'default1',
    'default2',
    'low1',
    'low2',
  ]);
});

test('priority counts across queues, and a worker leaves the queues alone that it was not given', async () => {
  const cli = createCli();
  await cli.enqueueAll([
    { id: 'mail-1', queue: 'mail', command: WRITE },
    { id: 'other', queue: 'other', priority: 99, command: WRITE },
    { id: 'sms-1', queue: 'sms', priority: 1, command: WRITE },
    { id: 'mail-2', queue: 'mail', priority: 2, command: WRITE },
  ]);
  await cli.drain('--queues', 'mail,sms');
  expect(linesOf(cli.read('order'))).toEqual(['mail-2', 'sms-1', 'mail-1']);
  expect(await cli.ok('list', '-q')).toBe('other\n');
});

test('a job runs when its time has come and not before: --delay, --at, run_at', async () => {
  const cli = createCli();
  const startAtMs = Date.now() + 2500;
  const at = new Date(startAtMs).toISOString();
  expect(await cli.json('enqueue', '--id', 'later', '--delay', '2s', '--', WRITE)).toMatchObject({
    state: 'scheduled',
  });
  await cli.json('enqueue', '--id', 'at', '--at', at, '--', WRITE);
  await cli.enqueueAll([
    { id: 'far', run_at: '2199-01-01T00:00:00Z', command: WRITE },
    { id: 'number', run_at: startAtMs, command: WRITE },
    { id: 'past', run_at: '2001-01-01T00:00:00Z', command: WRITE },
    { id: 'now', command: WRITE },
  ]);
  const worker = await cli.startWorker();
  for (const id of ['past', 'now', 'later', 'at', 'number'])
    await worker.saw(`Job ${id} completed successfully.`);
  await worker.kill('SIGTERM');

  type Times = { id: string; run_at: string; created_at: string; started_at: string };
  const done = await cli.json<Times[]>('list', '--state', 'completed');
  const times = new Map(done.map((job) => [job.id, job]));
  expect(linesOf(cli.read('order')).toSorted()).toEqual(['at', 'later', 'now', 'number', 'past']);
  for (const job of done) expect(Date.parse(job.started_at)).toBeGreaterThanOrEqual(Date.parse(job.run_at));
  const later = times.get('later');
  expect(Date.parse(later?.run_at ?? '') - Date.parse(later?.created_at ?? '')).toBe(2000);
  expect(times.get('at')?.run_at).toBe(at);
  expect(times.get('number')?.run_at).toBe(at);
  expect(await cli.ok('list', '--state', 'scheduled', '-q')).toBe('far\n');
});

test('a worker that runs until empty does not wait for what is scheduled', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--delay', '1h', '--', 'true');
  await cli.ok('enqueue', '--', 'true');
  expect(await cli.drain()).toContain('Job 2 completed successfully.');
});
