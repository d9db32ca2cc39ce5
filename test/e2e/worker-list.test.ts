/** `queuectl worker list`. */
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import { ISO } from './dead-job.js';
import { expectRefusals } from './refusals.js';

test('worker list tells of each worker who it is and what it runs, and how to start one where none runs', async () => {
  const cli = createCli();
  expect(await cli.run(['worker', 'list'])).toMatchObject({
    code: 0,
    stdout: 'name\tpid\thost\tbusy\tslots\tqueues\thandlers\truns\tstarted\tstate\n',
    stderr: 'no worker is running: queuectl worker start\n',
  });
  await cli.enqueueAll([{ command: 'sleep 600', id: 'long' }, { command: 'sleep 600' }]);
  const busy = await cli.startWorker(['--count', '3']);
  await busy.saw('Claimed job 2');
  const idle = await cli.startWorker(['--name', 'mail', '--queues', 'mail,sms']);
  const common = {
    host: hostname(),
    commands: true,
    handlers: [],
    started_at: expect.stringMatching(ISO),
    last_beat_at: cli.database === null ? null : expect.stringMatching(ISO),
  };
  expect(await cli.json('worker', 'list')).toEqual([
    {
      ...common,
      id: '1',
      name: 'w1',
      pid: busy.pid,
      slots: 3,
      busy: 2,
      queues: null,
      jobs: ['long', '2'],
      state: 'running',
    },
    {
      ...common,
      id: '2',
      name: 'mail',
      pid: idle.pid,
      slots: 1,
      busy: 0,
      queues: ['mail', 'sms'],
      jobs: [],
      state: 'running',
    },
  ]);
  expect(JSON.parse(await cli.ok('worker', 'list', '--json', '--fields', 'name,jobs'))).toEqual([
    { name: 'w1', jobs: ['long', '2'] },
    { name: 'mail', jobs: [] },
  ]);
  // One that a lock tells of sends no beat.
  const beat = cli.database === null ? '' : '\t[^\t]+Z';
  const [, first, second] = linesOf(await cli.ok('worker', 'list'));
  expect(first).toMatch(
    new RegExp(`^w1\t${busy.pid}\t${hostname()}\t2\t3\tall\t\tlong,2\t[^\t]+${beat}\trunning$`),
  );
  expect(second).toMatch(
    new RegExp(`^mail\t${idle.pid}\t${hostname()}\t0\t1\tmail,sms\t\t\t[^\t]+${beat}\trunning$`),
  );
  await cli.ok('pause', 'mail', 'sms');
  await cli.ok('worker', 'stop', 'w1');
  expect(await cli.json('worker', 'list')).toMatchObject([{ state: 'stopping' }, { state: 'paused' }]);
  expect(await cli.ok('worker', 'list', '-q')).toBe('w1\nmail\n');
  await cli.ok('worker', 'stop', '--now', '--wait');
  expect(await cli.json('worker', 'list')).toEqual([]);
});

test('worker list refuses what it does not know', async () => {
  const cli = createCli();
  await expectRefusals(cli, [{ args: ['worker', 'list', 'w1'], message: 'too many arguments' }]);
  const { code, stderr } = await cli.run(['worker', 'list', '--json', '--fields', 'nam']);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean \\"name\\"?');
});
