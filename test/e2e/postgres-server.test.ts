/** Servers as one meets them: with TLS, a role of few rights, a pooler, read-only; and what `doctor` says of each. */
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.js';
import type { Certificate } from '../support/certificates.js';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { noPooler, startPooler } from '../support/pgbouncer.js';
import type { Pooler } from '../support/pgbouncer.js';
import { isGivenServer, noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';

interface Checked {
  readonly check: string;
  readonly verdict: string;
  readonly found: string;
  readonly mend: string | null;
}

async function doctor(cli: Cli, url: string): Promise<(name: string) => Checked | undefined> {
  const { stdout } = await cli.run(['doctor', '--json', '--db', url]);
  const { checks } = JSON.parse(stdout) as { checks: Checked[] };
  return (name) => checks.find(({ check }) => check === name);
}

describe.skipIf(noPostgres !== undefined || isGivenServer)(`a server${whySkipped}`, () => {
  let server: TestServer;
  let own: Certificate;
  beforeAll(async () => {
    own = makeCertificate();
    server = await startServer({
      durable: true,
      settings: { ssl: 'on', ssl_cert_file: 'own.crt', ssl_key_file: 'own.key' },
      files: { 'own.crt': own.certificate, 'own.key': own.key },
    });
  });
  afterAll(() => server.stop());

  const withParameters = (url: string, parameters: Readonly<Record<string, string>>): string => {
    const changed = new URL(url);
    for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
    return changed.href;
  };

  test('doctor finds nothing wrong with a new queue on a sound server, and counts its jobs', async () => {
    const [cli, url] = [createCli(), await server.createDatabase()];
    const before = await doctor(cli, url);
    expect(before('server')).toMatchObject({ verdict: 'ok' });
    expect(before('schema')).toMatchObject({ verdict: 'not_checked' });
    expect(await query(url, `SELECT to_regnamespace('queuectl') AS schema`)).toEqual([{ schema: null }]);
    await cli.ok('enqueue', '--db', url, '--', 'true');
    const found = await doctor(cli, url);
    for (const name of ['server', 'durability', 'bell', 'rights', 'schema', 'counters', 'clock', 'beats'])
      expect(found(name)).toMatchObject({ verdict: 'ok' });
    expect(found('server')?.found).toMatch(/^PostgreSQL \d+\.\d+ at 127\.0\.0\.1:\d+\/\w+, answers in /);
    await query(url, `UPDATE queuectl.counters SET n = 7 WHERE state = 'pending' AND n = 1`);
    expect((await doctor(cli, url))('counters')).toMatchObject({
      verdict: 'fail',
      found: '1 counter wrong: default pending 7, not 1',
    });
    expect(await cli.run(['doctor', '--fix', '--db', url])).toMatchObject({
      stderr: 'fixed: counters: counter default pending: 7 to 1\n',
    });
    expect((await doctor(cli, url))('counters')).toMatchObject({ verdict: 'ok' });
  });

  test('doctor names a worker that has missed its beats, with its host', async () => {
    const [cli, url] = [createCli(), await server.createDatabase()];
    await cli.ok('config', 'set', '-q', 'lease', '15s');
    const worker = await cli.startWorker(['--db', url, '--name', 'mail']);
    expect((await doctor(cli, url))('beats')).toMatchObject({ verdict: 'ok' });
    worker.signal('SIGSTOP');
    const late = await waitUntil(
      async () => {
        const found = (await doctor(cli, url))('beats');
        return found?.verdict === 'warn' ? found : null;
      },
      { what: 'doctor to tell', timeoutMs: 30_000 },
    );
    expect(late.found).toContain(`from mail on ${hostname()} (pid ${worker.pid}, last `);
    await worker.kill('SIGKILL');
  });

  test('doctor names a server that cannot be reached, and looks no further', async () => {
    const cli = createCli();
    const found = await doctor(cli, 'postgres://nobody@127.0.0.1:1/jobs');
    expect(found('server')).toMatchObject({
      verdict: 'fail',
      found: 'the database 127.0.0.1:1/jobs cannot be reached: connection refused',
    });
    expect(found('counters')).toMatchObject({ verdict: 'not_checked' });
  });

  test('sslmode=verify-full with the root of the server works, another root is refused in one line', async () => {
    const [cli, url] = [createCli(), await server.createDatabase()];
    writeFileSync(cli.path('own.crt'), own.certificate);
    writeFileSync(cli.path('other.crt'), makeCertificate().certificate);
    const withRoot = (name: string): string =>
      withParameters(url, { sslmode: 'verify-full', sslrootcert: cli.path(name) });
    await cli.ok('enqueue', '--db', withRoot('own.crt'), '--', 'echo over TLS');
    await cli.ok('worker', 'start', '--until-empty', '--db', withRoot('own.crt'));
    expect(await cli.ok('logs', '1', '--db', withRoot('own.crt'))).toBe('over TLS\n');
    for (const trusted of [withRoot('other.crt'), withParameters(url, { sslmode: 'verify-full' })]) {
      const refused = await cli.run(['list', '--db', trusted]);
      expect(refused).toMatchObject({ code: 6, stdout: '' });
      expect(refused.stderr).toMatch(
        /^error: the database 127\.0\.0\.1:\d+\/\w+ has a certificate that is not trusted: .+\nhint: .*sslrootcert.*\n$/,
      );
    }
    const missing = await cli.run(['list', '--db', withRoot('missing.crt')]);
    expect(missing).toMatchObject({ code: 6, stdout: '' });
    expect(missing.stderr).toMatch(
      /^error: the database .* cannot be reached: .*missing\.crt: no such file\nhint: .+\n$/,
    );
  });

  test('a role with the rights of docs/operations.md and no others does all that a worker does', async () => {
    const [cli, url] = [createCli(), await server.createDatabase()];
    await cli.ok('status', '--db', url);
    await query(url, 'CREATE ROLE worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE');
    const asWorker = new URL(url);
    asWorker.username = 'worker';
    const ungranted = await cli.run(['enqueue', '--db', asWorker.href, '--', 'true']);
    expect(ungranted).toMatchObject({ code: 6, stdout: '' });
    expect(ungranted.stderr).toMatch(/ refused: its role lacks a right\nhint: docs\/operations\.md /);
    expect((await doctor(cli, asWorker.href))('rights')).toMatchObject({
      verdict: 'fail',
      found: 'the role lacks USAGE ON SCHEMA queuectl',
    });
    await query(
      url,
      `GRANT USAGE ON SCHEMA queuectl TO worker;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA queuectl TO worker;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA queuectl TO worker`,
    );
    const ok = async (...words: string[]): Promise<void> => {
      const { code, stderr } = await cli.run(words, { env: { QUEUECTL_DATABASE_URL: asWorker.href } });
      expect({ words, code, stderr }).toMatchObject({ code: 0 });
    };
    await ok('enqueue', '--id', 'done', '--tag', 'a', '--', 'true');
    await ok('enqueue', '--id', 'dead', '--max-retries', '1', '--', 'false');
    await ok('enqueue', '--id', 'put-off', '--delay', '1h', '--', 'true');
    await ok('pause', 'default');
    await ok('resume', 'default');
    await ok('worker', 'start', '--until-empty');
    await ok('hold', 'put-off');
    await ok('release', 'put-off');
    await ok('set', 'put-off', '--priority', '3');
    await ok('cancel', 'put-off');
    await ok('dlq', 'retry', 'dead');
    await ok('rm', 'put-off', '--yes');
    await ok('prune', '--older-than', '0s', '--yes');
    await ok('events');
    const found = await doctor(cli, asWorker.href);
    for (const name of ['rights', 'schema', 'counters', 'dead workers'])
      expect(found(name)).toMatchObject({ verdict: 'ok' });
  });

  test('what is read-only is refused with 5, doctor says why, and a worker goes on once it can write again', async () => {
    const [cli, url] = [createCli(), await server.createDatabase()];
    const name = new URL(url).pathname.slice(1);
    await cli.ok('status', '--db', url);
    const worker = await cli.startWorker(['--db', url]);
    const setReadOnly = async (value: string): Promise<void> => {
      await query(server.url, `ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`);
      await query(
        server.url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
      );
    };
    await cli.ok('enqueue', '--db', url, '--delay', '2s', '--id', 'later', '--', 'true');
    await setReadOnly('on');
    const refused = await cli.run(['enqueue', '--db', url, '--', 'true']);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toMatch(/ is read-only: .*\nhint: .*primary\n$/);
    expect((await doctor(cli, url))('server')).toMatchObject({
      verdict: 'fail',
      found: expect.stringContaining('read-only: default_transaction_read_only is on') as string,
    });
    await worker.saw('The queue is in trouble');
    await setReadOnly('off');
    await worker.saw('Job later completed successfully.');
    await cli.ok('worker', 'stop', '--db', url);
    expect((await worker.ended).code).toBe(0);
  });

  test('fsync off is a failure that doctor names', async () => {
    const careless = await startServer();
    const [cli, url] = [createCli(), await careless.createDatabase()];
    const found = await doctor(cli, url);
    await careless.stop();
    expect(found('durability')).toMatchObject({
      verdict: 'fail',
      found: 'fsync off: a crash of the server can lose acknowledged jobs',
    });
  });

  describe.skipIf(noPooler !== undefined)(`behind PgBouncer in transaction mode${noPooler ?? ''}`, () => {
    let pooler: Pooler;
    beforeAll(async () => {
      pooler = await startPooler(server.url, 3);
    });
    afterAll(() => pooler.stop());

    test('jobs are stored, run, waited for and their logs read, by the poll, and doctor says so', async () => {
      const cli = createCli();
      const direct = await server.createDatabase();
      const url = pooler.through(direct);
      await cli.ok('config', 'set', '-q', 'database', url);
      await cli.ok('config', 'set', '-q', 'poll_interval_ms', '100');
      const env = { QUEUECTL_DATABASE_URL: undefined };
      const ok = async (...words: string[]): Promise<string> => {
        const { code, stdout, stderr } = await cli.run(words, { env });
        expect({ words, code, stderr }).toMatchObject({ code: 0 });
        return stdout;
      };
      const workers = await Promise.all([
        cli.startWorker(['--count', '4'], { env }),
        cli.startWorker(['--count', '4'], { env }),
      ]);
      const jobs = Array.from({ length: 60 }, (_, n) => `{"id":"job-${n}","command":"echo ${n}"}\n`).join('');
      expect(await cli.run(['enqueue', '-q', '-'], { input: jobs, env })).toMatchObject({ code: 0 });
      await ok('wait', ...Array.from({ length: 60 }, (_, n) => `job-${n}`));
      expect(await ok('logs', 'job-7')).toBe('7\n');
      expect(linesOf(await ok('list', '-q', '--state', 'completed', '--limit', '100'))).toHaveLength(60);
      expect(await query(direct, 'SELECT count(*)::integer AS n FROM queuectl.runs')).toEqual([{ n: 60 }]);
      expect((await doctor(cli, url))('bell')).toMatchObject({
        verdict: 'warn',
        found: expect.stringMatching(/^no notification arrives: a pooler/) as string,
      });
      await ok('worker', 'stop');
      for (const worker of workers) expect((await worker.ended).code).toBe(0);
    });
  });
});
