/** A queue moves from its file into a database on a server, with all that it has. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';

type Shown = Readonly<Record<string, unknown>>;

describe.skipIf(noPostgres !== undefined)(`queuectl migrate${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  /** With a password that nobody checks. */
  async function target(): Promise<string> {
    const url = new URL(await server.createDatabase());
    url.password = 's3cret';
    return url.href;
  }

  /** A job in every state that a person can bring about, with outputs in the database and in files. */
  async function fill(cli: Cli): Promise<void> {
    await cli.enqueueAll([
      { id: 'good', command: 'echo fine', tags: ['a', 'b'], label: 'a label', env: { X: '1' } },
      { command: 'seq 1 30000', queue: 'big' },
      { id: 'bad', command: 'echo no >&2; exit 3', max_retries: 1 },
      { id: 'again', command: 'exit 4', max_retries: 3, backoff_base: 100 },
      { id: 'tree', command: ['printf', '%s', '\u{1f980} "x" \\ \n'] },
    ]);
    // Until nothing but the wait for the retry is left.
    const worker = await cli.startWorker();
    await worker.saw('Job again failed');
    await waitUntil(async () => (await cli.json<Shown[]>('list', '--state', 'completed')).length === 3, {
      what: 'three jobs to complete',
    });
    await cli.ok('worker', 'stop', '--wait');
    await cli.enqueueAll([
      { id: 'later', command: 'true', delay: '1h' },
      { id: 'aside', command: 'true', hold: true },
      { id: 'gone', command: 'true' },
      { id: 'waits', command: 'echo waited', priority: 7 },
      { id: 'stopped', command: 'true' },
    ]);
    await cli.ok('cancel', 'stopped');
    await cli.ok('rm', 'gone', '--yes');
    await cli.ok('pause', 'big');
  }

  interface All {
    readonly jobs: Shown[];
    readonly shown: Shown[];
    readonly status: Shown;
    readonly logs: string[];
  }

  async function everything(cli: Cli): Promise<All> {
    const jobs = await cli.json<Shown[]>('list', '--state', 'all', '--limit', '1000');
    const ended = ['good', '2', 'bad', 'again'];
    const { jobs: counts, queues } = await cli.json('status');
    return {
      jobs,
      shown: await Promise.all(ended.map((id) => cli.json<Shown>('show', id))),
      status: { counts, queues },
      logs: await Promise.all(['good', '2', 'bad', 'tree'].map((id) => cli.ok('logs', id))),
    };
  }

  test('takes everything along: jobs in all states, numbers, history, outputs, tags, pauses', async () => {
    const cli = createCli();
    await fill(cli);
    const before = await everything(cli);
    const states = new Set(before.jobs.map(({ state }) => state));
    expect(states).toEqual(
      new Set(['cancelled', 'completed', 'dead', 'failed', 'held', 'pending', 'scheduled']),
    );
    const url = await target();
    const said = await cli.run(['migrate', '--to', url]);
    expect(said.stdout).toMatch(
      /^✅ Moved 9 jobs with \d runs to postgres:\/\/postgres:\*\*\*@127\.0\.0\.1:\d+\/\w+\.\n/,
    );
    expect(said.stdout).toContain('completed\t3\t3\n');
    expect(said.stdout + said.stderr).not.toContain('s3cret');
    expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining('from now on') as string });
    expect(await cli.json('config', 'get', 'database')).toHaveProperty('database');
    expect(await everything(cli)).toEqual(before);
    expect(await cli.json('list', '--tag', 'a', '--state', 'all')).toMatchObject([
      { id: 'good', label: 'a label' },
    ]);
    // A number that was given to a job that is gone is not given again.
    expect(await cli.ok('enqueue', '-q', '--', 'true')).toBe('11\n');
    const worker = await cli.startWorker();
    await worker.saw('Job waits completed');
    await cli.ok('worker', 'stop', '--wait');
    const counted =
      'SELECT queue, state, sum(n)::integer AS n FROM queuectl.counters GROUP BY 1, 2 HAVING sum(n) <> 0';
    const stored = 'SELECT queue, state, count(*)::integer AS n FROM queuectl.jobs GROUP BY 1, 2';
    expect(
      await query(url, `(${counted}) EXCEPT (${stored}) UNION ALL (${stored} EXCEPT ${counted})`),
    ).toEqual([]);
    expect(await query(url, 'SELECT max(session_id)::integer AS id FROM queuectl.runs')).toEqual([{ id: 2 }]);
  });

  test('moves 20,000 jobs, and says so as JSON', async () => {
    const cli = createCli();
    await cli.enqueueAll(
      Array.from({ length: 20_000 }, (_, n) => ({ id: `job-${n}`, command: 'true', tags: ['t'] })),
    );
    const url = await target();
    const { code, stdout, stderr } = await cli.run(['migrate', '--json', '--to', url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      moved: true,
      dry_run: false,
      jobs: { pending: 20_000 },
      runs: 0,
    });
    expect(await cli.json('migrate', '--dry-run', '--to', url)).toMatchObject({
      moved: false,
      dry_run: true,
      jobs: null,
    });
    expect(await cli.json('show', 'job-19999')).toMatchObject({ state: 'pending' });
    expect(await query(url, 'SELECT count(*)::integer AS n FROM queuectl.tags')).toEqual([{ n: 20_000 }]);
    expect(await cli.json('status')).toMatchObject({ jobs: { pending: 20_000 } });
  });

  test('a dry run counts, and makes nothing', async () => {
    const cli = createCli();
    await cli.enqueueAll([{ command: 'true' }, { command: 'true' }]);
    const url = await target();
    expect(await cli.ok('migrate', '--to', url, '--dry-run')).toMatch(
      /^2 jobs with 0 runs would be moved to /,
    );
    expect(await query(url, `SELECT to_regnamespace('queuectl') IS NULL AS is_bare`)).toEqual([
      { is_bare: true },
    ]);
    expect(linesOf(await cli.ok('list', '-q'))).toHaveLength(2);
    expect(cli.read('home/config.json')).toBe('');
  });

  test('whoever still comes to the file is told where the queue is, and so is a worker that waits there', async () => {
    const cli = createCli();
    const idle = await cli.startWorker();
    const watcher = cli.start(['events', '-f', '--since', '1h']);
    await cli.ok('enqueue', '--hold', '--', 'true');
    await watcher.saw('enqueued');
    const url = await target();
    const said = await cli.run(['migrate', '--to', url, '--keep-setting']);
    expect(said).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('config set database URL') as string,
    });
    const moved =
      /error: this queue was moved to postgres:\/\/postgres:\*\*\*@\S+\nhint: to use it there: queuectl config set database URL/;
    for (const ended of [idle.ended, watcher.ended]) {
      const { code, stderr } = await ended;
      expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringMatching(moved) as string });
    }
    for (const args of [['enqueue', '--', 'true'], ['list'], ['worker', 'start'], ['status']]) {
      const { code, stderr } = await cli.run(args);
      expect({ args, code, stderr }).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(moved) as string,
      });
    }
    expect(linesOf(await cli.ok('list', '-q', '--state', 'held', '--db', url))).toEqual(['1']);
    expect(await cli.ok('migrate', '--to', url)).toMatch(
      /^This queue was moved to postgres:\S+ already, at /,
    );
    expect(linesOf(await cli.ok('list', '-q', '--state', 'held'))).toEqual(['1']);
    const elsewhere = await cli.run(['migrate', '--to', await target()]);
    expect(elsewhere).toMatchObject({ code: 4, stderr: expect.stringContaining('already') as string });
  });

  test('is refused while jobs run; with --drain it waits for them', async () => {
    const cli = createCli();
    const worker = await cli.startWorker();
    await cli.ok('enqueue', '--id', 'runs', '--', 'until test -e go; do sleep 0.05; done; echo done');
    await worker.saw('Claimed job runs');
    await cli.ok('enqueue', '--id', 'behind', '--', 'true');
    const url = await target();
    const refused = await cli.run(['migrate', '--to', url]);
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr).toMatch(/^error: 1 job is running\nhint: --drain /);
    expect(await query(url, `SELECT to_regclass('queuectl.jobs') IS NULL AS is_bare`)).toEqual([
      { is_bare: true },
    ]);
    const broken = cli.start(['migrate', '--to', url, '--drain']);
    await worker.saw('Shutting down');
    broken.signal('SIGINT');
    expect(await broken.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('nothing was moved') as string,
    });
    const draining = cli.start(['migrate', '--to', url, '--drain']);
    await cli.ok('enqueue', '--id', 'late', '--', 'true');
    await cli.shell('touch go');
    expect((await draining.ended).code).toBe(0);
    expect((await worker.ended).code).toBe(0);
    expect(await cli.json('show', 'runs')).toMatchObject({ state: 'completed' });
    expect(await cli.json('show', 'behind')).toMatchObject({ state: 'pending' });
    expect(await cli.ok('logs', 'runs')).toBe('done\n');
  });

  test('with --drain the jobs of a killed worker are rescued first', async () => {
    const cli = createCli();
    const worker = await cli.startWorker();
    await cli.ok('enqueue', '--id', 'lost', '--', 'sleep 600');
    await worker.saw('Claimed job lost');
    await worker.kill('SIGKILL');
    await cli.ok('migrate', '--to', await target(), '--drain');
    expect(await cli.json('show', 'lost')).toMatchObject({ crashes: 1 });
  });

  test('is refused where the database has jobs, cannot be reached, or there is no queue: nothing changes', async () => {
    const cli = createCli();
    const [taken, url] = [await target(), await target()];
    const none = await cli.run(['migrate', '--to', url]);
    expect(none).toMatchObject({ code: 3 });
    expect(readdirSync(cli.directory)).not.toContain('home');
    await cli.ok('enqueue', '--db', taken, '--', 'true');
    await cli.ok('enqueue', '--id', 'stays', '--', 'true');
    const cases: [string[], number, RegExp][] = [
      [['--to', taken], 4, /^error: the database \S+ has a queue with jobs or pauses in it already\nhint: /],
      [['--to', taken, '--drain'], 4, /already/],
      [['--to', url.replace(/:\d+\//, ':1/')], 5, /cannot be reached: connection refused/],
      [['--to', `${url}_not_there`], 5, /does not exist\nhint: /],
      [[], 2, /^error: where to\?\nhint: /],
      [['--to', 'mysql://u:s3cret@h/d'], 2, /must be the URL of a PostgreSQL database/],
      [['--to', url, '--db', url], 2, /takes no --db/],
    ];
    for (const [args, code, words] of cases) {
      const ended = await cli.run(['migrate', ...args]);
      expect({ args, code: ended.code, stderr: ended.stderr }).toEqual({
        args,
        code,
        stderr: expect.stringMatching(words) as string,
      });
      expect(ended.stderr).not.toContain('s3cret');
    }
    expect(linesOf(await cli.ok('list', '-q'))).toEqual(['stays']);
    expect(linesOf(await cli.ok('list', '-q', '--db', taken))).toEqual(['1']);
    expect(cli.read('home/config.json')).toBe('');
  });

  test('the logs lie under the id of the database, and no longer under that of the file', async () => {
    const cli = createCli();
    await cli.enqueueAll([{ command: 'seq 1 30000' }]);
    await cli.drain();
    const { logs } = await cli.json('migrate', '--to', await target());
    expect(logs).toBe(1);
    const with_ = (directory: string): string[] =>
      readdirSync(join(cli.home, directory), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.log'),
      );
    const [old = '', next = ''] = readdirSync(cli.home)
      .filter((name) => /^(pg-)?[0-9a-f]{16}$/.test(name))
      .toSorted();
    expect([with_(old), with_(next)]).toEqual([[], ['logs/0/1.1.log']]);
    expect(linesOf(await cli.ok('logs', '1'))).toHaveLength(30_000);
  });
});
