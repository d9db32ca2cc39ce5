/** The queue in a database on a server: the same commands. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';

const SECRET = 's3cret';

describe.skipIf(noPostgres !== undefined)(`a queue in PostgreSQL${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  /** A home that knows its database, with a password that nobody checks. */
  async function createCliWithDatabase(): Promise<{ cli: Cli; url: string }> {
    const url = new URL(await server.createDatabase());
    url.password = SECRET;
    const cli = createCli();
    await cli.ok('config', 'set', '-q', 'database', url.href);
    return { cli, url: url.href };
  }

  test('a job is stored, run, shown and retried by the commands that everybody knows', async () => {
    const { cli, url } = await createCliWithDatabase();
    expect(await cli.ok('enqueue', '{"command":"echo Hello; exit 3","max_retries":1}')).toBe(
      '✅ Job enqueued successfully. ID: 1\n',
    );
    await cli.ok('enqueue', '--id', 'good', '--', 'echo fine');
    expect(await cli.json('status')).toMatchObject({ jobs: { pending: 2 } });
    expect(await cli.drain()).toContain('Job good completed successfully.');
    expect(await cli.ok('logs', 'good')).toBe('fine\n');
    expect(await cli.json('show', '1')).toMatchObject({ state: 'dead', exit_code: 3 });
    expect(linesOf(await cli.ok('dlq', 'list', '-q'))).toEqual(['1']);
    await cli.ok('dlq', 'retry', '1');
    await cli.ok('cancel', '1');
    expect(await cli.json('show', '1')).toMatchObject({ state: 'cancelled' });
    expect(await query(url, 'SELECT seq, state FROM queuectl.jobs ORDER BY seq')).toEqual([
      { seq: '1', state: 'cancelled' },
      { seq: '2', state: 'completed' },
    ]);
    expect(cli.read('home/queue.db')).toBe('');
  });

  test('--db comes before the environment, and that before config.json', async () => {
    const { cli } = await createCliWithDatabase();
    const [other, third] = [await server.createDatabase(), await server.createDatabase()];
    const env = { QUEUECTL_DATABASE_URL: other };
    await cli.ok('enqueue', '--', 'true');
    await cli.run(['enqueue', '--', 'true'], { env });
    await cli.run(['enqueue', '--', 'true'], { env });
    await cli.run(['enqueue', '--db', third, '--', 'true'], { env });
    const stored = async (args: readonly string[], options = {}): Promise<number> =>
      linesOf((await cli.run([...args, 'list', '-q'], options)).stdout).length;
    expect(await stored([])).toBe(1);
    expect(await stored([], { env })).toBe(2);
    expect(linesOf((await cli.run(['list', '-q', '--db', third], { env })).stdout)).toEqual(['1']);
  });

  test('a worker is woken by a job that another process stores, and stopped by a command', async () => {
    const { cli } = await createCliWithDatabase();
    const worker = await cli.startWorker();
    await cli.ok('enqueue', '--id', 'woken', '--', 'true');
    await worker.saw('Job woken completed successfully.');
    await cli.ok('worker', 'stop');
    expect((await worker.ended).code).toBe(0);
  });

  test('the jobs of a killed worker run again, by another one of its home', async () => {
    const { cli } = await createCliWithDatabase();
    const worker = await cli.startWorker();
    await cli.ok('enqueue', '--id', 'long', '--', 'test -e again || { touch again; sleep 600; }');
    await worker.saw('Claimed job long');
    await worker.kill('SIGKILL');
    await cli.drain();
    expect(await cli.json('show', 'long')).toMatchObject({ state: 'completed', crashes: 1, run: 2 });
  });

  test('what gives access to the database is shown nowhere', async () => {
    const { cli, url } = await createCliWithDatabase();
    const shown = [
      await cli.ok('config', 'list'),
      await cli.ok('config', 'get', 'database'),
      await cli.ok('config', 'list', '--json', '--show-origin'),
      await cli.ok('config', 'set', 'database', url),
    ];
    for (const text of shown) {
      expect(text).not.toContain(SECRET);
      expect(text).toMatch(/postgres:\/\/postgres:\*\*\*@127\.0\.0\.1:\d+\//);
    }
    const unreachable = url.replace(/:\d+\//, ':1/');
    const { code, stderr } = await cli.run(['list', '--debug', '--db', unreachable]);
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^error: the database 127\.0\.0\.1:1\/\w+ cannot be reached: connection refused\nhint: /,
    );
    expect(stderr).not.toContain(SECRET);
    const bad = await cli.run(['list', '--db', `mysql://u:${SECRET}@h/d`]);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.stderr).not.toContain(SECRET);
  });

  test('a queuectl in a job finds the queue of its worker, or says that it has no access to it', async () => {
    const { cli, url } = await createCliWithDatabase();
    await cli.ok(
      'enqueue',
      '--id',
      'parent',
      '--',
      `'${process.execPath}' '${process.cwd()}/bin/queuectl.cjs' enqueue --id child -- true`,
    );
    await cli.drain();
    expect(await cli.json('show', 'child')).toMatchObject({ state: 'completed' });
    await cli.ok('config', 'unset', '-q', 'database');
    await cli.ok(
      'enqueue',
      '--db',
      url,
      '--id',
      'orphan',
      '--max-retries',
      '1',
      '--',
      `'${process.execPath}' '${process.cwd()}/bin/queuectl.cjs' list; echo "exit $?"; env`,
    );
    await cli.ok('worker', 'start', '--until-empty', '--db', url);
    const printed = await cli.ok('logs', 'orphan', '--db', url);
    expect(printed).toMatch(
      /error: the queue of this job is in the database 127\.0\.0\.1:\d+\/\w+, and the job has no access to it/,
    );
    expect(printed).toContain('exit 5\n');
    expect(printed).not.toContain(SECRET);
    expect(cli.read('home/queue.db')).toBe('');
  });
});
