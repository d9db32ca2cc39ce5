/** What a job prints on one machine is read on another: two homes that share nothing but a database. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { OutputSelection } from '../../src/output/selection.js';
import { Queue } from '../../src/queue.js';
import { openStore } from '../../src/store/open-store.js';
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';
import { startProxy } from '../support/proxy.js';
import { LOCK_TIMEOUT_MS } from '../support/stores.js';

const BOTH_STREAMS = 'for i in $(seq 1 40); do echo "out $i"; echo "err $i" >&2; done';

describe.skipIf(noPostgres !== undefined)(`logs of a job that runs elsewhere${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  /** `here` runs the jobs, `there` has nothing of them on its disk. */
  async function createMachines(): Promise<{ here: Cli; there: Cli; url: string }> {
    const url = await server.createDatabase();
    const [here, there] = [createCli(), createCli()];
    for (const cli of [here, there]) await cli.ok('config', 'set', '-q', 'database', url);
    return { here, there, url };
  }

  async function bytesOf(cli: Cli, ...args: string[]): Promise<string> {
    const { code, bytes, stderr } = await cli.run(['logs', ...args]);
    expect({ args, code }).toEqual({ args, code: 0 });
    return `${bytes.toString('latin1')}\n${stderr}`;
  }

  /** What a program on that machine reads. */
  async function openReader(
    cli: Cli,
    url: string,
  ): Promise<(id: string, selection?: OutputSelection) => Promise<string>> {
    const queue = new Queue(await openStore(url, { home: cli.home, lockTimeoutMs: LOCK_TIMEOUT_MS }));
    onTestFinished(() => queue.close());
    return async (id, selection = {}) => {
      const job = await queue.get(id);
      const found: string[] = [];
      for await (const record of queue.output(job, job.run, selection))
        found.push('bytes' in record ? Buffer.from(record.bytes).toString('latin1') : JSON.stringify(record));
      return found.join('');
    };
  }

  /** Resolves once all that was printed so far has come. */
  async function untilSame(expected: string, read: () => Promise<string>): Promise<void> {
    await waitUntil(async () => (await read()) === expected, { what: 'the same' });
  }

  const logFiles = (cli: Cli): string[] =>
    readdirSync(cli.home, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
  const allSent = (cli: Cli): Promise<unknown> =>
    waitUntil(() => logFiles(cli).length === 0, { what: 'the logs to be sent' });
  const countParts = async (url: string): Promise<number> =>
    Number((await query(url, 'SELECT count(*)::integer AS n FROM queuectl.log_parts'))[0]?.['n']);

  test('what it prints is seen while it runs, run after run, and the follower ends with it', async () => {
    const { here, there } = await createMachines();
    await here.ok(
      'enqueue',
      '--id',
      'slow',
      '--max-retries',
      '2',
      '--backoff-base',
      '1',
      '--',
      'echo "run $QUEUECTL_RUN begins"; while [ ! -e go$QUEUECTL_RUN ]; do sleep 0.05; done; seq 1 20000; exit 1',
    );
    const follower = there.start(['logs', '-f', 'slow']);
    const worker = await here.startWorker();
    await follower.saw('run 1 begins\n');
    await here.shell('touch go1');
    await follower.saw('\n20000\nrun 2 begins\n');
    await here.shell('touch go2');
    const { code, stdout, stderr } = await follower.ended;
    const numbers = Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join('');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout === `run 1 begins\n${numbers}run 2 begins\n${numbers}`).toBe(true);
    await here.ok('worker', 'stop');
    await worker.ended;
    expect(await there.ok('logs', '-f', 'slow')).toBe(`run 2 begins\n${numbers}`);
  });

  test('every part of it is the same on both machines, while it runs and afterwards', async () => {
    const { here, there, url } = await createMachines();
    const wait = 'while [ ! -e go ]; do sleep 0.05; done';
    await here.enqueueAll([
      { id: 'fast', command: `seq 1 700000; ${wait}` },
      { id: 'binary', command: `head -c 300000 /dev/urandom; ${wait}` },
      { id: 'streams', command: `${BOTH_STREAMS}; ${wait}; ${BOTH_STREAMS}` },
      { id: 'small', command: `echo little; ${wait}; echo more` },
    ]);
    const worker = await here.startWorker(['--count', '4']);
    const [readHere, readThere] = [await openReader(here, url), await openReader(there, url)];
    const selections: readonly OutputSelection[] = [
      {},
      { last: { lines: 3 } },
      { last: { bytes: 100_000 } },
      { stream: 'stderr' },
      { stream: 'stdout', last: { lines: 10 } },
      { sinceMs: Date.now() - 3_600_000 },
      { sinceMs: Date.now() + 3_600_000 },
    ];
    const compare = async (): Promise<void> => {
      for (const id of ['fast', 'binary', 'streams', 'small'])
        for (const selection of selections)
          await untilSame(await readHere(id, selection), () => readThere(id, selection));
    };
    await untilSame('700000\n', () => readHere('fast', { last: { lines: 1 } }));
    await waitUntil(() => logFiles(here).length === 4, { what: 'all to have printed something' });
    await compare();
    const raw = await readHere('binary');
    expect(Buffer.byteLength(raw, 'latin1')).toBe(300_000);
    await here.shell('touch go');
    await here.ok('worker', 'stop');
    await worker.ended;
    // The database has all of it; what is stored with its run is not kept twice.
    expect(logFiles(here)).toEqual([]);
    await compare();
    expect(await readThere('binary')).toBe(raw);
    expect(await there.ok('logs', 'small')).toBe('little\nmore\n');
    expect(
      await query(url, `SELECT DISTINCT seq::integer AS seq FROM queuectl.log_parts ORDER BY seq`),
    ).toEqual([{ seq: 1 }, { seq: 2 }]);
    for (const id of ['fast', 'binary', 'streams', 'small']) await there.ok('rm', id);
    expect(await countParts(url)).toBe(0);
  });

  test('beyond the cap the head and the tail are the same, and no more is kept', async () => {
    const { here, there, url } = await createMachines();
    await here.ok('config', 'set', 'max_output', '256KiB');
    await here.enqueueAll([
      { id: 'much', command: 'seq 1 300000; while [ ! -e go ]; do sleep 0.05; done; seq 1 5000; echo end' },
    ]);
    const worker = await here.startWorker();
    const follower = there.start(['logs', '-f', 'much']);
    const [readHere, readThere] = [await openReader(here, url), await openReader(there, url)];
    await untilSame('300000\n', () => readHere('much', { last: { lines: 1 } }));
    await untilSame(await readHere('much'), () => readThere('much'));
    await untilSame(await readHere('much', { last: { lines: 500 } }), () =>
      readThere('much', { last: { lines: 500 } }),
    );
    await here.shell('touch go');
    expect((await follower.ended).stdout.endsWith('\n5000\nend\n')).toBe(true);
    await here.ok('worker', 'stop');
    await worker.ended;
    const { stdout, stderr } = await there.run(['logs', 'much']);
    expect(stderr).toMatch(/^\[\d+ bytes dropped\]\n$/);
    const dropped = Number(/\d+/.exec(stderr)?.[0]);
    const printed = 1_988_895 + 23_893 + 4;
    expect(dropped + stdout.length).toBe(printed);
    const [kept] = await query(url, 'SELECT sum(octet_length(bytes))::integer AS n FROM queuectl.log_parts');
    expect(kept?.['n']).toBeLessThan(256 * 1024 + 3 * 64 * 1024);
  });

  test('a worker that was killed leaves what it had sent, and the next one of its home sends the rest', async () => {
    const { here, there } = await createMachines();
    await here.ok(
      'enqueue',
      '--id',
      'cut',
      '--',
      'test -e again || { touch again; seq 1 20000; sleep 600; }',
    );
    const worker = await here.startWorker();
    await waitUntil(async () => (await bytesOf(there, '-n', '1', 'cut')) === '20000\n\n', {
      what: 'its output',
    });
    await worker.kill('SIGKILL');
    expect((await bytesOf(there, '-n', '2', 'cut')).startsWith('19999\n20000\n')).toBe(true);
    await here.drain();
    await allSent(here);
    expect(await bytesOf(there, '-n', '2', '--run', '1', 'cut')).toBe('19999\n20000\n\n');
    expect(await there.json('show', 'cut')).toMatchObject({ state: 'completed', crashes: 1 });
  });

  test('where the machine that ran it is gone, its end is said to be missing', async () => {
    const { here, there, url } = await createMachines();
    await here.ok('enqueue', '--id', 'lost', '--', 'seq 1 20000; sleep 600');
    const worker = await here.startWorker();
    await waitUntil(async () => (await bytesOf(there, '-n', '1', 'lost')) === '20000\n\n', {
      what: 'its output',
    });
    const follower = there.start(['logs', '-f', 'lost']);
    await follower.saw('\n20000\n');
    await worker.kill('SIGKILL');
    // As a person does whose machine will not come back.
    await query(url, 'DELETE FROM queuectl.workers');
    await there.ok('cancel', 'lost');
    await there.drain();
    const { code, stderr } = await follower.ended;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '[the end of this log is missing: a worker on the machine that ran the job would send it]\n',
    });
    expect(
      (await bytesOf(there, '-n', '1', 'lost')).startsWith('20000\n\n[the end of this log is missing'),
    ).toBe(true);
  });

  test('a database that takes no logs for a while holds up no job, and gets them afterwards', async () => {
    const { here, there, url } = await createMachines();
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    proxy.stall('INSERT INTO queuectl.log_parts');
    await here.ok('config', 'set', '-q', 'database', proxy.url);
    await here.enqueueAll(
      Array.from({ length: 40 }, (_, n) => ({ id: `job-${n}`, command: `seq 1 ${20_000 + n}; sleep 0.3` })),
    );
    const worker = await here.startWorker(['--count', '8']);
    await waitUntil(
      async () => {
        const { jobs } = await there.json<{ jobs: { completed: number } }>('status');
        return jobs.completed === 40;
      },
      { what: 'all jobs to be completed' },
    );
    expect(await countParts(url)).toBe(0);
    expect(logFiles(here)).toHaveLength(40);
    proxy.stall(null);
    await allSent(here);
    for (const n of [0, 39]) expect(await there.ok('logs', '-n', '1', `job-${n}`)).toBe(`${20_000 + n}\n`);
    await here.ok('worker', 'stop');
    expect((await worker.ended).code).toBe(0);
  });

  test('a command in the foreground sends what it printed before it ends', async () => {
    const { here, there } = await createMachines();
    const { code } = await here.run(['run', '--id', 'front', '--', 'seq 1 20000']);
    expect(code).toBe(0);
    expect(logFiles(here)).toEqual([]);
    expect(await there.ok('logs', '-n', '1', 'front')).toBe('20000\n');
  });
});
