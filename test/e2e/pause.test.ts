/** Pausing queues, and workers of some queues only. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';

test('a paused queue waits, status says so, and a resume wakes the worker at once', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ command: 'true', queue: 'mail', id: 'first' }]);
  expect(await cli.ok('pause', 'mail')).toBe('Queue mail is paused.\n');
  expect(await cli.json('status')).toMatchObject({ paused: { all: false, queues: ['mail'] } });
  const status = linesOf(await cli.ok('status'));
  expect(status).toContainEqual(expect.stringMatching(/^mail\t1\t0\t0\t0\t[^\t]+Z\t[^\t]+Z$/));
  // So slow a poll that only the bell can wake it in time.
  const worker = await cli.startWorker([], { env: { QUEUECTL_POLL_INTERVAL_MS: '3600000' } });
  await cli.enqueueAll([{ command: 'true', id: 'other' }]);
  await worker.saw('Job other completed');
  expect(await cli.json('show', 'first')).toMatchObject({ state: 'pending' });
  expect(await cli.ok('resume', 'mail')).toBe('Queue mail is not paused.\n');
  await worker.saw('Job first completed');
  expect(linesOf(await cli.ok('status'))).toContain('mail\t0\t0\t0\t0\t\t');
  await worker.kill('SIGTERM');
});

test('pause and resume without a name mean all queues', async () => {
  const cli = createCli();
  expect(await cli.json('pause')).toEqual({ all: true, queues: [] });
  await cli.enqueueAll([{ command: 'true' }]);
  const { code, stderr } = await cli.run(['resume', 'default']);
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: 'error: all queues are paused\nhint: to let them all go on: queuectl resume\n',
  });
  expect(await cli.drain()).toContain('Nothing is left to do but 1 job in paused queues (default).');
  expect(await cli.ok('resume')).toBe('No queue is paused.\n');
  expect(await cli.drain()).toContain('Job 1 completed');
});

test('a worker of some queues leaves the others alone, and worker list shows which it has', async () => {
  const cli = createCli();
  await cli.enqueueAll(
    ['mail', 'sms', 'rest'].map((queue) => ({ command: 'true', queue, id: `to-${queue}` })),
  );
  const worker = await cli.startWorker(['--queues', 'mail,sms,mail']);
  await worker.saw('Job to-sms completed');
  expect(await cli.json('worker', 'list')).toMatchObject([{ queues: ['mail', 'sms'] }]);
  await worker.kill('SIGTERM');
  expect(await cli.json('list', '--fields', 'id')).toEqual([{ id: 'to-rest' }]);
});

test('names that no queue can have are refused, and a new one that looks mistyped is noted', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ command: 'true', queue: 'mail' }]);
  for (const words of [
    ['worker', 'start', '--until-empty', '--queues', ''],
    ['worker', 'start', '--until-empty', '--queues', 'mail,,sms'],
    ['worker', 'start', '--until-empty', '--queues', '-mail'],
    ['pause', 'a b'],
    ['resume', '*'],
  ]) {
    const { code, stdout, stderr } = await cli.run(words);
    expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  }
  expect(await cli.json('status')).toMatchObject({
    jobs: { pending: 1 },
    paused: { all: false, queues: [] },
  });
  const worker = await cli.run(['worker', 'start', '--until-empty', '--queues', 'mial']);
  expect(worker).toMatchObject({ code: 0 });
  expect(worker.stderr).toContain('no job has been in the queue mial yet: did you mean "mail"?\n');
  expect((await cli.run(['pause', 'maul'])).stderr).toContain('did you mean "mail"?');
});
