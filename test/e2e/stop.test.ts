/** The end of a worker: gracefully, then at once. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli, Started } from '../support/cli.js';
import { isAlive, waitUntil } from '../support/processes.js';

const FINISHING = 'Shutting down: finishing 1 running job, then exiting (once more to end them now)...';

/** A worker that runs job 1, which ends once there is a file `go`. Job 2 waits. */
async function startBusyWorker(cli: Cli): Promise<Started> {
  await cli.enqueueAll([
    { command: 'echo $$ > pid; while [ ! -e go ]; do sleep 0.05; done; echo done' },
    { command: 'true' },
  ]);
  const worker = await cli.startWorker();
  await waitUntil(() => cli.read('pid').endsWith('\n'), { what: 'the job to run' });
  return worker;
}

async function states(cli: Cli): Promise<string[]> {
  const jobs = await cli.json<{ id: string; state: string }[]>('list', '--state', 'all');
  return jobs.toSorted((a, b) => a.id.localeCompare(b.id)).map((job) => job.state);
}

test.each(['worker stop', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a busy worker finishes its job after %s, takes no other, says so and exits with 0',
  async (how) => {
    const cli = createCli();
    const worker = await startBusyWorker(cli);
    if (how === 'worker stop') await cli.ok('worker', 'stop');
    else worker.signal(how);
    await worker.saw(FINISHING);
    expect((await cli.shell('touch go')).code).toBe(0);
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/Job 1 completed successfully\.\n\[Worker 1\] Stopped\.\n$/);
    expect(await states(cli)).toEqual(['completed', 'pending']);
  },
);

test.each([
  { signal: 'SIGINT', exitCode: 130 },
  { signal: 'SIGTERM', exitCode: 143 },
  { signal: 'SIGHUP', exitCode: 129 },
] as const)('a second $signal ends the job now and gives it back', async ({ signal, exitCode }) => {
  const cli = createCli();
  const worker = await startBusyWorker(cli);
  worker.signal(signal);
  await worker.saw(FINISHING);
  const { code, stdout } = await worker.kill(signal);
  expect(code).toBe(exitCode);
  expect(stdout).toContain('Ending 1 running job now, to be run again...');
  expect(stdout).toContain('[Worker 1] Job 1 given back.');
  expect(isAlive(Number(cli.read('pid')))).toBe(false);
  expect(await states(cli)).toEqual(['pending', 'pending']);
  expect(await cli.json('show', '1')).toMatchObject({
    attempts: 0,
    crashes: 0,
    runs: [{ outcome: 'given_back' }],
  });
});

test('worker stop reaches every worker, and idle ones exit at once', async () => {
  const cli = createCli();
  const workers = [await cli.startWorker(['--count', '3']), await cli.startWorker(), await cli.startWorker()];
  expect(await cli.json('worker', 'stop')).toEqual({
    asked: 3,
    names: ['w1', 'w2', 'w3'],
    now: false,
    gone: null,
  });
  for (const worker of workers) {
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/Stopped\.\n$/);
  }
  expect(await cli.json('worker', 'list')).toEqual([]);
});

test('worker stop with no worker running says its sentence and exits with 0', async () => {
  const cli = createCli();
  const stop = await cli.run(['worker', 'stop']);
  expect(stop).toMatchObject({ code: 0, stdout: 'Signal sent to all workers to stop gracefully.\n' });
  // A worker started afterwards is not meant by it.
  await cli.ok('enqueue', '--', 'true');
  expect(await cli.drain()).toContain('Job 1 completed successfully.');
});

test('a worker that has run jobs has said nothing on stderr but its name and launcher', async () => {
  const cli = createCli();
  await cli.enqueueAll([{ command: 'true' }, { command: 'true' }]);
  const { code, stderr } = await cli.run(['worker', 'start', '--until-empty']);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^name: \w+\nlauncher: \w+\n$/) as string,
  });
});
