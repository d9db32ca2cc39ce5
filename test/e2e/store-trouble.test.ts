import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { BINARY, createCli, hasProgram } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { removeDatabase } from '../support/database.js';
import { waitUntil } from '../support/processes.js';

/** Puts the home on a file system of its own, which can be filled; false where this user or system cannot. */
function mountSmallDisk(home: string): boolean {
  mkdirSync(home, { mode: 0o700 });
  try {
    const options = ['-o', 'size=2m,mode=0700'];
    execFileSync('mount', ['-t', 'tmpfs', ...options, 'queuectl', home], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', home]));
  return true;
}

test('on a full disk nothing is acknowledged, a running job ends, and its result is kept until there is room', async (ctx) => {
  const cli = createCli();
  if (!mountSmallDisk(cli.home)) return ctx.skip('a file system cannot be mounted here');
  const waits = `echo done; until test -e ${cli.path('go')}; do sleep 0.02; done`;
  await cli.ok('enqueue', '--id', 'busy', '--', waits);
  const worker = await cli.startWorker();
  await worker.saw('Claimed job busy');
  const follower = cli.start(['logs', '-f', 'busy']);
  await follower.saw('done');
  await follower.kill('SIGTERM');
  const ballast = `${cli.home}/ballast`;
  // Down to the last block: what SQLite would append to its log finds no room.
  await cli.shell(`dd if=/dev/zero of=${ballast} bs=1024 2>/dev/null; :`);
  const refused = await cli.run(['enqueue', '--id', 'refused', '--', 'true']);
  expect(refused).toMatchObject({ code: 5, stdout: '' });
  expect(refused.stderr).toMatch(/^error: .*the disk is full\nhint: .*\n$/);
  const late = await cli.run(['worker', 'start']);
  expect(late).toMatchObject({ code: 5 });
  expect(late.stderr).toContain('the disk is full');
  writeFileSync(cli.path('go'), '');
  await worker.saw('The queue is in trouble');
  rmSync(ballast);
  await worker.saw('Job busy completed successfully.');
  expect(await cli.run(['show', 'refused'])).toMatchObject({ code: 3 });
  expect(await cli.ok('logs', 'busy')).toBe('done\n');
  expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0 });
});

test('a disk that fails to sync acknowledges nothing', async (ctx) => {
  if (!hasProgram('strace')) return ctx.skip('there is no strace');
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'before', '--', 'true');
  const inject = ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO'];
  const prefix = ['strace', '-f', '-qq', '-o', cli.path('trace'), ...inject, process.execPath, BINARY];
  const failed = await cli.run(['enqueue', '--id', 'failed', '--', 'true'], { prefix });
  if (cli.read('trace') === '') return ctx.skip('strace cannot trace here');
  expect(failed).toMatchObject({ code: 5, stdout: '' });
  expect(failed.stderr).toContain('input/output error');
  expect(await cli.json('show', 'before')).toMatchObject({ state: 'pending' });
});

async function expectEndBy(trouble: (cli: Cli) => Promise<void>): Promise<void> {
  const cli = createCli();
  await cli.ok('enqueue', '--', `echo $$ > ${cli.path('pid')}; exec sleep 600`);
  const worker = await cli.startWorker();
  await waitUntil(() => cli.read('pid') !== '', { what: 'the job to run' });
  await trouble(cli);
  const ended = await worker.ended;
  expect(ended).toMatchObject({ code: 5 });
  expect(ended.stderr).toMatch(/removed (them )?while (it was|they were) in use/);
  expect(() => process.kill(Number(cli.read('pid')), 0)).toThrow('ESRCH');
}

test('a worker whose database is removed ends its job and exits with 5', () => expectEndBy(removeDatabase));

test('a worker whose database is replaced ends its job and exits with 5', () =>
  expectEndBy(async (cli) => {
    const database = `${cli.home}/queue.db`;
    renameSync(database, `${database}.old`);
    writeFileSync(database, '', { mode: 0o600 });
  }));

test('two PID namespaces share a home: a living worker of the other is left alone, a dead one rescued', async (ctx) => {
  const cli = createCli();
  const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const trial = await cli.run(['true'], { prefix: container });
  if (trial.code !== 0) return ctx.skip('a PID namespace cannot be made here');
  const once = `if test -e ${cli.path('first')}; then echo again; else echo > ${cli.path('first')}; exec sleep 600; fi`;
  await cli.ok('enqueue', '--id', 'job', '--', once);
  const contained = cli.start(['worker', 'start'], { prefix: [...container, process.execPath, BINARY] });
  await contained.saw('Claimed job job');
  const outside = await cli.startWorker();
  await cli.ok('enqueue', '--id', 'probe', '--', 'true');
  await outside.saw('Job probe completed successfully.');
  expect(await cli.json('show', 'job')).toMatchObject({ state: 'processing', run: 1 });
  await contained.kill('SIGKILL');
  await outside.saw('Job job completed successfully.');
  expect(await cli.json('show', 'job')).toMatchObject({ state: 'completed', run: 2, crashes: 1 });
  await outside.kill('SIGTERM');
});

test('sixteen worker processes on one home all get their share', async () => {
  const cli = createCli();
  // All of them wait before there is anything to do: one that starts late would find nothing left.
  const workers = await Promise.all(Array.from({ length: 16 }, () => cli.startWorker()));
  await cli.enqueueAll(
    Array.from({ length: 320 }, () => ({ command: 'sleep 0.05; echo $QUEUECTL_WORKER_PID' })),
  );
  await waitUntil(
    async () => (await cli.json<{ jobs: { completed: number } }>('status')).jobs.completed === 320,
    { what: 'all jobs to be completed' },
  );
  await cli.ok('worker', 'stop');
  for (const worker of workers) expect(await worker.ended).toMatchObject({ code: 0 });
  for (const worker of workers) expect(worker.stdout()).toContain('completed successfully');
});
