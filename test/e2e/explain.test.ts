/** `explain`, with a real queue in each of its situations. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

async function reason(cli: Cli, id: string): Promise<unknown> {
  return (await cli.json('explain', id))['reason'];
}

test('a job that waits has one reason, and the command of its hint changes it', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  expect(await cli.run(['explain', '1'])).toMatchObject({
    code: 0,
    stdout: 'Job 1 is ready, and no worker is running.\n',
    stderr: 'hint: queuectl worker start\n',
  });
  await cli.ok('pause', 'default');
  expect(await reason(cli, '1')).toBe('queue_paused');
  await cli.ok('resume', 'default');
  await cli.ok('pause');
  expect(await reason(cli, '1')).toBe('all_paused');
  await cli.ok('resume');
  await cli.ok('hold', '1');
  expect(await reason(cli, '1')).toBe('held');
  await cli.ok('release', '1');
  await cli.ok('set', '1', '--delay', '1h');
  expect(await reason(cli, '1')).toBe('scheduled');
  await cli.ok('set', '1', '--delay', '0');
  expect(await reason(cli, '1')).toBe('no_worker');
  await cli.ok('cancel', '1');
  expect(await reason(cli, '1')).toBe('cancelled');
});

test('with workers: the wrong queue, busy slots with jobs before it, who runs it, an end that was asked for', async () => {
  const cli = createCli();
  const worker = await cli.startWorker(['--queues', 'a', '--name', 'one']);
  await cli.ok('enqueue', '--', 'true');
  expect(await cli.run(['explain', '1'])).toMatchObject({
    stdout: 'Job 1 is ready, and no worker serves the queue default: those that run serve a.\n',
  });
  await cli.ok('enqueue', '--queue', 'a', '--', `trap '' TERM; sleep 600`);
  await worker.saw('Claimed job 2');
  const running = await cli.json('explain', '2');
  expect(running).toMatchObject({
    id: '2',
    state: 'processing',
    reason: 'running',
    worker: { name: 'one', pid: worker.pid },
  });
  expect(Object.keys(running)).toEqual([
    'id',
    'state',
    'reason',
    'message',
    'hint',
    'since',
    'due_at',
    'ahead',
    'slots',
    'busy',
    'worker',
  ]);
  await cli.ok('enqueue', '--queue', 'a', '--', 'true');
  await cli.ok('enqueue', '--queue', 'a', '--', 'true');
  expect(await cli.json('explain', '4')).toMatchObject({ reason: 'slots_busy', ahead: 1, slots: 1, busy: 1 });
  expect(await cli.json('explain', '3')).toMatchObject({ reason: 'slots_busy', ahead: 0 });
  await cli.ok('cancel', '2', '--grace', '1h');
  expect(await reason(cli, '2')).toBe('asked_to_end');
  await cli.ok('cancel', '2', '--now');
  await worker.saw('Job 4 completed');
  expect(await reason(cli, '4')).toBe('completed');
  await worker.kill('SIGTERM');
});

test('a job that failed waits for its retry; one of a handler for its program', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--backoff-base', '100', '--', 'false');
  await cli.ok('enqueue', '{"handler":"resize"}');
  const worker = await cli.startWorker();
  await worker.saw('Job 1 failed');
  const failed = await cli.json('explain', '1');
  expect(failed).toMatchObject({ reason: 'waits_for_retry', hint: 'to start it at once: queuectl retry 1' });
  expect(failed['due_at']).toMatch(/^\d{4}-.*Z$/);
  expect(await reason(cli, '2')).toBe('no_worker_for_handler');
  await worker.kill('SIGTERM');
});

test('bad words get one line, a hint and their exit code', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  expect(await cli.run(['explain', '9'])).toMatchObject({
    code: 3,
    stdout: '',
    stderr: 'error: no job "9"\nhint: queuectl list --state all shows what there is\n',
  });
  expect(await cli.run(['explain'])).toMatchObject({ code: 2, stdout: '' });
  expect(await cli.run(['explain', '1', '2'])).toMatchObject({ code: 2, stdout: '' });
  expect(await cli.run(['explain', '1', '--json', '--fields', 'why'])).toMatchObject({ code: 2, stdout: '' });
  expect((await cli.run(['explain', '1', '-q'])).stdout).toBe('no_worker\n');
});
