/** `doctor`: each fault is made for real, found, named, and mended where that can be done without loss. */
import { DatabaseSync } from '@photostructure/sqlite';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { changeDatabase } from '../support/database.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { expectRefusals } from './refusals.js';

interface Checked {
  readonly check: string;
  readonly verdict: string;
  readonly found: string;
  readonly mend: string | null;
  readonly fixed: readonly string[];
}

async function doctor(cli: Cli, ...flags: string[]): Promise<{ code: number | null; checks: Checked[] }> {
  const { code, stdout, stderr } = await cli.run(['doctor', '--json', ...flags]);
  expect(stderr).toBe('');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Checked[] };
  expect(code).toBe(ok ? 0 : 1);
  return { code, checks };
}

async function finding(cli: Cli, name: string, ...flags: string[]): Promise<Checked> {
  const found = (await doctor(cli, ...flags)).checks.find(({ check }) => check === name);
  if (found === undefined) throw new Error(`no check is called ${name}`);
  return found;
}

/** Of one queue and state, on a server the sum of its stripes. */
function setCounter(cli: Cli, queue: string, state: string, n: number): Promise<void> {
  const [stripe, one] = cli.database === null ? ['', ''] : [', stripe', ', 0'];
  return changeDatabase(
    cli,
    `DELETE FROM counters WHERE queue = '${queue}' AND state = '${state}'`,
    `INSERT INTO counters (queue, state, n${stripe}) VALUES ('${queue}', '${state}', ${n}${one})`,
  );
}

/** The directory of the database, for logs and notes. */
function directory(cli: Cli): string {
  const name = readdirSync(cli.home).find((each) => /^(pg-)?[0-9a-f]{16}$/.test(each));
  if (name === undefined) throw new Error('there is no such directory');
  return join(cli.home, name);
}

test('doctor makes no home, and finds nothing wrong with a new queue', async () => {
  const cli = createCli();
  const { code, checks } = await doctor(cli);
  expect(code).toBe(0);
  expect(checks.filter(({ verdict }) => verdict === 'not_checked').length).toBeGreaterThan(10);
  expect(existsSync(cli.home)).toBe(false);
  await cli.ok('enqueue', '--', 'true');
  await cli.drain();
  const after = await doctor(cli, '--deep');
  for (const { check, verdict, fixed } of after.checks)
    if (check !== 'launcher' && check !== 'disk space' && check !== 'limits')
      expect({ check, verdict, fixed }).toEqual({ check, verdict: 'ok', fixed: [] });
  const [header, ...rows] = linesOf(await cli.ok('doctor'));
  expect(header).toBe('check\tverdict\tfound\tmend');
  expect(rows).toHaveLength(after.checks.length);
});

test('wrong counters fail, stay as they are, and are set by --fix', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  await setCounter(cli, 'default', 'pending', 7);
  await setCounter(cli, 'gone', 'dead', 2);
  for (let n = 0; n < 2; n += 1)
    expect(await finding(cli, 'counters')).toEqual({
      check: 'counters',
      verdict: 'fail',
      found: '2 counters wrong: default pending 7, not 1, gone dead 2, not 0',
      mend: 'queuectl doctor --fix',
      fixed: [],
    });
  expect((await cli.run(['doctor'])).code).toBe(1);
  const { stderr } = await cli.run(['doctor', '--fix']);
  expect(stderr).toBe(
    'fixed: counters: counter default pending: 7 to 1\nfixed: counters: counter gone dead: 2 to 0\n',
  );
  expect(await cli.json('status')).toMatchObject({ jobs: { pending: 1, dead: 0 } });
  expect(await finding(cli, 'counters')).toMatchObject({ verdict: 'ok' });
});

test('files that others may read are a warning, a home that they may write a failure, and --fix takes both back', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  chmodSync(join(cli.home, 'queue.db'), 0o644);
  expect(await finding(cli, 'permissions')).toMatchObject({
    verdict: 'warn',
    found: 'others may read 1 file: queue.db',
  });
  chmodSync(cli.home, 0o777);
  const bad = await doctor(cli);
  expect(bad.code).toBe(1);
  expect(bad.checks.find(({ check }) => check === 'permissions')).toMatchObject({ verdict: 'fail' });
  expect(bad.checks.find(({ check }) => check === 'counters')).toMatchObject({ verdict: 'not_checked' });
  expect(statSync(cli.home).mode & 0o777).toBe(0o777);
  const { fixed } = await finding(cli, 'permissions', '--fix');
  expect(fixed).toEqual([`chmod 700 ${cli.home}`, `chmod 600 ${join(cli.home, 'queue.db')}`]);
  expect(statSync(cli.home).mode & 0o777).toBe(0o700);
  expect((await doctor(cli)).code).toBe(0);
});

test('a corrupt database still gives a report: what comes after is not checked, and nothing is written over it', async () => {
  const cli = createCli();
  await cli.enqueueAll(Array.from({ length: 500 }, () => ({ command: `true ${'x'.repeat(300)}` })));
  const path = join(cli.home, 'queue.db');
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const file = openSync(path, 'r+');
  for (let page = 20; page < 30; page += 1) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(file);
  const before = readFileSync(path);
  const { code, checks } = await doctor(cli, '--fix');
  expect(code).toBe(1);
  const verdict = (name: string): string | undefined => checks.find(({ check }) => check === name)?.verdict;
  expect([verdict('integrity'), verdict('counters'), verdict('clock')]).toEqual([
    'fail',
    'not_checked',
    'not_checked',
  ]);
  expect(checks.find(({ check }) => check === 'integrity')?.mend).toContain('backup');
  expect(readFileSync(path).equals(before)).toBe(true);
  writeFileSync(path, 'These are no jobs.\n'.repeat(100));
  const none = await doctor(cli);
  expect(none.checks.find(({ check }) => check === 'schema')).toMatchObject({ verdict: 'fail' });
  expect(none.checks.find(({ check }) => check === 'integrity')).toMatchObject({ verdict: 'not_checked' });
});

test('rows from the future are a warning that says how far', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  await changeDatabase(cli, `UPDATE jobs SET created_at = created_at + 3600000`);
  expect(await finding(cli, 'clock')).toMatchObject({
    verdict: 'warn',
    found: expect.stringMatching(/^a row is of \d{4}-.*Z, in (59m|1h)/) as string,
  });
});

test.runIf(process.platform === 'linux')(
  'a process of a run that is over is shown, and only --fix ends it',
  async () => {
    const cli = createCli();
    await cli.ok('enqueue', '--', 'true');
    await cli.drain();
    const runDir = join(directory(cli), 'run');
    const spawned = (env: Record<string, string>): number => {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env });
      return child.pid ?? 0;
    };
    const orphan = spawned({ QUEUECTL_TOKEN: 'of-run-one', QUEUECTL_HOME: cli.home });
    const stranger = spawned({ QUEUECTL_TOKEN: 'of-another', QUEUECTL_HOME: cli.home });
    writeFileSync(join(runDir, '1.1'), JSON.stringify({ token: 'of-run-one', pid: null }), { mode: 0o600 });
    const found = await waitUntil(
      async () => {
        const seen = await finding(cli, 'orphans');
        return seen.verdict === 'warn' ? seen : null;
      },
      { what: 'the process to have its environment' },
    );
    expect(found.found).toBe(`1 process of runs that are over: pid ${orphan}`);
    expect(isAlive(orphan)).toBe(true);
    expect((await finding(cli, 'orphans', '--fix')).fixed).toEqual([
      `ended 1 process of job 1, run 1 (pid ${orphan})`,
    ]);
    await waitUntil(() => !isAlive(orphan), { what: 'the orphan to end' });
    expect(isAlive(stranger)).toBe(true);
    process.kill(stranger, 'SIGKILL');
    await waitUntil(() => !isAlive(stranger), { what: 'the stranger to end' });
  },
);

test('a worker that died is a warning while no other lives, and --fix rescues its jobs', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'it', '--', 'sleep 600');
  const worker = await cli.startWorker();
  await worker.saw('Claimed job it');
  await worker.kill('SIGKILL');
  const found = await waitUntil(
    async () => {
      const seen = await finding(cli, 'dead workers');
      return seen.verdict === 'warn' ? seen : null;
    },
    { what: 'the dead worker to be found' },
  );
  expect(found.found).toBe('1 worker died and left 1 job; nobody has seen to it yet');
  expect(await cli.json('show', 'it')).toMatchObject({ state: 'processing' });
  await waitUntil(async () => (await finding(cli, 'dead workers', '--fix')).verdict === 'ok', {
    what: 'the rescue',
  });
  expect((await cli.json('show', 'it'))['state']).not.toBe('processing');
});

test('logs without their job and notes of runs that are over are left files, and --fix removes them alone', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', `printf '%020000d' 1`);
  await cli.drain();
  const logs = join(directory(cli), 'logs');
  mkdirSync(join(logs, '7'), { recursive: true });
  writeFileSync(join(logs, '7', '7001.1.log'), 'left');
  writeFileSync(join(directory(cli), 'run', '1.1'), '{}');
  expect(await finding(cli, 'left files')).toMatchObject({
    verdict: 'warn',
    found: 'logs of 1 job that is gone, 1 note of runs that are over',
  });
  expect((await finding(cli, 'left files', '--fix')).fixed).toEqual([
    'removed the logs of 1 job that is gone',
    'removed 1 note of runs that are over',
  ]);
  expect(existsSync(join(logs, '7', '7001.1.log'))).toBe(false);
  expect(existsSync(join(directory(cli), 'run', '1.1'))).toBe(false);
  expect(await cli.ok('logs', '1')).toHaveLength(20_000);
});

test('settings that are none, or cannot be so, are found; so are paused queues and queues without a worker', async () => {
  const cli = createCli();
  await cli.enqueueAll(Array.from({ length: 100 }, () => ({ command: 'true', queue: 'mail' })));
  expect(await finding(cli, 'workers')).toMatchObject({
    verdict: 'warn',
    found: 'no worker runs for the ready jobs of mail',
    mend: 'queuectl worker start --queues mail',
  });
  await cli.ok('pause', 'mail');
  expect(await finding(cli, 'workers')).toMatchObject({ verdict: 'ok' });
  expect(await finding(cli, 'paused queues')).toMatchObject({
    verdict: 'warn',
    found: expect.stringMatching(/^paused: mail with 100 ready jobs since /) as string,
  });
  writeFileSync(join(cli.home, 'config.json'), '{"max_retires": 3}', { mode: 0o600 });
  expect(await finding(cli, 'settings')).toMatchObject({
    verdict: 'warn',
    mend: 'did you mean "max_retries"?',
  });
  writeFileSync(join(cli.home, 'config.json'), '{"max_retries": "many"}', { mode: 0o600 });
  expect(await finding(cli, 'settings')).toMatchObject({ verdict: 'fail' });
});

test('doctor refuses what it does not know', async () => {
  await expectRefusals(createCli(), [
    { args: ['doctor', '--fixx'], message: `unknown option '--fixx'`, hint: 'did you mean "--fix"?' },
    { args: ['doctor', 'now'], message: 'too many arguments' },
  ]);
});
