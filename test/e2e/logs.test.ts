/** `queuectl logs`. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';

test('logs -f shows what a running job prints as it prints it, and ends with the job', async () => {
  const cli = createCli();
  const command = 'echo one; while [ ! -e go ]; do sleep 0.05; done; echo two; exit 1';
  await cli.ok('enqueue', '--backoff-max', '100ms', '--', command);
  await cli.ok('enqueue', '--id', 'waiting', '--', 'echo waited');
  const early = cli.start(['logs', '-f', 'waiting']);
  const worker = await cli.startWorker(['--until-empty']);
  const follower = cli.start(['logs', '-f', '1']);
  await follower.saw('one\n');
  expect(follower.stdout()).toBe('one\n');
  await cli.shell('touch go');
  await follower.saw('two\n');
  // It goes on with the next run while the job has attempts left.
  expect(await follower.ended).toMatchObject({
    code: 0,
    stdout: 'one\ntwo\none\ntwo\none\ntwo\n',
    stderr: '',
  });
  expect(await early.ended).toMatchObject({ code: 0, stdout: 'waited\n' });
  expect(await worker.ended).toMatchObject({ code: 0 });
});

test('Ctrl-C ends logs -f and leaves the job alone', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'echo begun; while [ ! -e go ]; do sleep 0.05; done');
  const worker = await cli.startWorker(['--until-empty']);
  const follower = cli.start(['logs', '-f', '1']);
  await follower.saw('begun\n');
  expect(await follower.kill('SIGINT')).toMatchObject({ code: 130, stdout: 'begun\n', stderr: '' });
  expect(await cli.json('show', '1')).toMatchObject({ state: 'processing' });
  await cli.shell('touch go');
  await worker.ended;
  expect(await cli.json('show', '1')).toMatchObject({ state: 'completed' });
});

test('logs shows each run of a retried job, or its last lines', async () => {
  const cli = createCli();
  const command = 'for n in 1 2 3; do echo "run $QUEUECTL_RUN line $n"; done; exit 1';
  await cli.enqueueAll([{ command, max_retries: 2, backoff_max: 0 }]);
  await cli.drain();
  expect(await cli.ok('logs', '1')).toBe('run 2 line 1\nrun 2 line 2\nrun 2 line 3\n');
  expect(await cli.ok('logs', '1', '--run', '1', '-n', '2')).toBe('run 1 line 2\nrun 1 line 3\n');
  expect(await cli.ok('logs', '1', '-n', '0')).toBe('');
  const noRun = await cli.run(['logs', '1', '--run', '3']);
  expect(noRun).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/^error: job 1 has no run 3/),
  });
});

test('a job that has not run yet has printed nothing', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const none = await cli.run(['logs', '1']);
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'job 1 has not run yet: it is pending\n' });
});
