/**
 * Workers of two homes on one server, as two hosts have it: neither can ask the other's kernel. What one of them runs when
 * it dies, is stopped or is cut off runs again by the other, after the lease and not before, and never twice at once.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli, Started, StartOptions } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { startProxiedDatabase } from '../support/proxy.js';

const LEASE_S = 4;
/** Steps of the clock that jobs read, and of the one that the store reads. */
const BLUR_S = 0.1;
const WITH_FAILPOINTS = join(import.meta.dirname, '../../dist-test/bin/queuectl.cjs');

interface Line {
  readonly what: string;
  readonly run: number;
  readonly atS: number;
  readonly pid: number;
}

interface Host {
  readonly cli: Cli;
  readonly worker: Started;
}

const nowS = (): number => Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));

async function startHost(url: string, flags: readonly string[] = [], options?: StartOptions): Promise<Host> {
  const cli = createCli();
  await cli.ok('config', 'set', '-q', 'database', url);
  await cli.ok('config', 'set', '-q', 'lease', `${LEASE_S}s`);
  return { cli, worker: await cli.startWorker(flags, options) };
}

/** A job that goes on until the file `go` is there; its lock finds any two runs that live at once. */
async function enqueueLong({ cli }: Host): Promise<void> {
  const base = cli.directory;
  writeFileSync(
    cli.path('work.sh'),
    `say() { read -r up rest </proc/uptime; printf '%s %s %s %s\\n' "$1" "$QUEUECTL_RUN" "$up" $$ >>${base}/ledger; }
    say S
    while [ ! -e ${base}/go ]; do sleep 0.05; say LIVES; done`,
  );
  writeFileSync(
    cli.path('job.sh'),
    `flock -n -E 99 ${base}/lock sh ${base}/work.sh
    rc=$?
    [ "$rc" -eq 99 ] && printf 'OVERLAP %s 0 0\\n' "$QUEUECTL_RUN" >>${base}/ledger
    exit "$rc"`,
  );
  await cli.ok('enqueue', '--id', 'long', '--', `exec sh ${base}/job.sh`);
}

function ledger({ cli }: Host): Line[] {
  return linesOf(cli.read('ledger')).map((line) => {
    const [what = '', run, at, pid] = line.split(' ');
    return { what, run: Number(run), atS: Number(at), pid: Number(pid) };
  });
}

function began(host: Host, run: number): Promise<Line> {
  return waitUntil(() => ledger(host).find((line) => line.what === 'S' && line.run === run), {
    what: `run ${run} to begin`,
  });
}

/** Waits for its end; when it was last seen. */
async function ended(host: Host, { pid, run }: Line): Promise<number> {
  await waitUntil(() => !isAlive(pid), { what: `run ${run} to end` });
  const line = ledger(host).findLast((one) => one.run === run);
  return line?.atS ?? 0;
}

/** When the owner of the job has sent its last beat, by the clock of the jobs. */
async function lastBeatS(url: string): Promise<number> {
  const [row] = await query(
    url,
    `SELECT extract(epoch FROM clock_timestamp()) * 1000 - heartbeat AS ago FROM queuectl.workers
    WHERE session_id = (SELECT session_id FROM queuectl.jobs WHERE id = 'long')`,
  );
  return nowS() - Number(row?.['ago']) / 1000;
}

/** Lets the job end, and sees what its history says. */
async function finish(host: Host, watcher: Cli, runs: readonly string[]): Promise<void> {
  writeFileSync(host.cli.path('go'), '');
  await waitUntil(async () => (await watcher.json('show', 'long'))['state'] === 'completed', {
    what: 'the job to be completed',
  });
  expect(await watcher.json('show', 'long')).toMatchObject({ run: runs.length, attempts: 0, crashes: 0 });
  const url = watcher.read('home/config.json');
  const { database } = JSON.parse(url) as { readonly database: string };
  const recorded = await query(database, `SELECT outcome FROM queuectl.runs WHERE seq = 1 ORDER BY run`);
  expect(recorded.map(({ outcome }) => outcome)).toEqual(runs);
  expect(ledger(host).filter(({ what }) => what === 'OVERLAP')).toEqual([]);
  expect(ledger(host).filter(({ what }) => what === 'S')).toHaveLength(runs.length);
}

describe.skipIf(noPostgres !== undefined)(`leases${whySkipped}`, { timeout: 180_000 }, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test('a host that is gone: another runs its job after the lease, not before, and counts no crash', async () => {
    const url = await server.createDatabase();
    const first = await startHost(url);
    await enqueueLong(first);
    await began(first, 1);
    const second = await startHost(url);
    await first.worker.kill('SIGKILL');
    const beatS = await lastBeatS(url);
    const again = await began(first, 2);
    expect(again.atS - beatS).toBeGreaterThan(LEASE_S - BLUR_S);
    expect(second.worker.stdout()).toContain('Rescued job long (lease): now pending.');
    await finish(first, second.cli, ['lost', 'success']);
  });

  test('a worker that is stopped: its job ends before the lease does, and what it says of it afterwards is refused', async () => {
    const url = await server.createDatabase();
    const first = await startHost(url);
    await enqueueLong(first);
    const begun = await began(first, 1);
    const second = await startHost(url);
    first.worker.signal('SIGSTOP');
    const beatS = await lastBeatS(url);
    const endedS = await ended(first, begun);
    expect(endedS - beatS).toBeLessThan(LEASE_S);
    const again = await began(first, 2);
    expect(again.atS - beatS).toBeGreaterThan(LEASE_S - BLUR_S);
    first.worker.signal('SIGCONT');
    await first.worker.saw('given up by the others');
    expect(first.worker.stdout()).toContain('Job long is no longer ours');
    await finish(first, second.cli, ['lost', 'success']);
    // It goes on as if it were new.
    await second.worker.kill('SIGTERM');
    await first.cli.ok('enqueue', '--id', 'next', '--', 'true');
    await first.worker.saw('Job next completed');
  });

  test('within one home, where its lock is held, the job of a stopped worker runs again all the same', async () => {
    const url = await server.createDatabase();
    const first = await startHost(url);
    await enqueueLong(first);
    await began(first, 1);
    const second = await first.cli.startWorker();
    first.worker.signal('SIGSTOP');
    await began(first, 2);
    first.worker.signal('SIGCONT');
    await first.worker.saw('given up by the others');
    await finish(first, first.cli, ['lost', 'success']);
    expect(second.stdout()).toContain('Rescued job long (lease)');
    await first.cli.ok('enqueue', '--id', 'next', '--', 'true');
    await waitUntil(async () => (await first.cli.json('show', 'next'))['state'] === 'completed', {
      what: 'the next job',
    });
  });

  test('a worker whose event loop is blocked: its jobs end before the lease does, and run again elsewhere', async () => {
    const url = await server.createDatabase();
    const first = await startHost(url, ['--count', '2'], {
      prefix: [process.execPath, WITH_FAILPOINTS],
      env: { QUEUECTL_FAILPOINT: 'claim.after_commit:2=delay=600000' },
    });
    await enqueueLong(first);
    const begun = await began(first, 1);
    const second = await startHost(url, ['--queues', 'default']);
    await first.cli.ok('enqueue', '--id', 'other', '--queue', 'other', '--', 'true');
    await waitUntil(async () => (await first.cli.json('show', 'other'))['state'] === 'processing', {
      what: 'the claim that blocks it',
    });
    const endedS = await ended(first, begun);
    const beatS = await lastBeatS(url);
    expect(endedS - beatS).toBeLessThan(LEASE_S);
    const again = await began(first, 2);
    expect(again.atS - beatS).toBeGreaterThan(LEASE_S - BLUR_S);
    await finish(first, second.cli, ['lost', 'success']);
  });

  test.each([
    ['a worker that is cut off for longer than its lease', 'refuse'],
    ['a server that is silent for longer than the lease', 'freeze'],
  ] as const)('%s: the job is ended, and given back when that is possible', async (_, trouble) => {
    const { proxy, url } = await startProxiedDatabase(server);
    const host = await startHost(proxy.url);
    await enqueueLong(host);
    const begun = await began(host, 1);
    proxy[trouble]();
    await ended(host, begun);
    await host.worker.saw('Cut off from the database');
    proxy.heal();
    await began(host, 2);
    const watcher = createCli();
    await watcher.ok('config', 'set', '-q', 'database', url);
    await finish(host, watcher, ['given_back', 'success']);
  });

  test('a worker that is cut off for less than its lease goes on, and its result is delivered once', async () => {
    const { proxy, url } = await startProxiedDatabase(server);
    const host = await startHost(proxy.url);
    await enqueueLong(host);
    await began(host, 1);
    proxy.refuse();
    await waitUntil(() => proxy.refused() >= 2, { what: 'it to try again' });
    proxy.heal();
    const beatS = await lastBeatS(url);
    await waitUntil(async () => (await lastBeatS(url)) > beatS + LEASE_S, { what: 'it to go on' });
    const watcher = createCli();
    await watcher.ok('config', 'set', '-q', 'database', url);
    await finish(host, watcher, ['success']);
  });
});
