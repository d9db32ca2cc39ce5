/** A server that refuses, for a while or for good: a command says so in one line, and a worker waits it out where that can help. */
import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { removeDatabase } from '../support/database.js';
import {
  isGivenServer,
  noPostgres,
  query,
  startServer,
  unprivilegedUser,
  whySkipped,
} from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { isAlive, waitUntil } from '../support/processes.js';

/** Puts a directory of the server's on a file system of its own; null where this user or system cannot. */
function mountSmallDisk(): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'queuectl', directory], {
      stdio: 'ignore',
    });
  } catch {
    rmSync(directory, { recursive: true });
    return null;
  }
  const user = unprivilegedUser();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  return directory;
}

describe.skipIf(noPostgres !== undefined || isGivenServer)(
  `a server in trouble${whySkipped}`,
  { timeout: 120_000 },
  () => {
    let server: TestServer;
    let roles = 0;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(() => server.stop());

    interface Owned {
      readonly cli: Cli;
      /** As its owner, a role with nothing else. */
      readonly role: string;
      /** As the superuser. */
      readonly url: string;
      /** Ends all connections of the role. */
      readonly cut: () => Promise<void>;
    }

    async function open(): Promise<Owned> {
      const url = await server.createDatabase();
      const role = `owner${(roles += 1)}`;
      const name = new URL(url).pathname.slice(1);
      await query(url, `CREATE ROLE ${role} LOGIN; ALTER DATABASE ${name} OWNER TO ${role}`);
      const own = new URL(url);
      own.username = role;
      const cli = createCli();
      await cli.ok('config', 'set', '-q', 'database', own.href);
      await cli.ok('status');
      const cut = async (): Promise<void> =>
        void (await query(
          url,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
        ));
      return { cli, role, url, cut };
    }

    async function refused(cli: Cli, words: readonly string[], why: RegExp): Promise<void> {
      const { code, stdout, stderr } = await cli.run(words);
      expect({ code, stdout, lines: linesOf(stderr).length, stderr }).toMatchObject({
        code: 5,
        stdout: '',
        lines: 2,
        stderr: expect.stringMatching(why) as string,
      });
    }

    test('no connection is left: a command exits with 5, a worker waits until there is one', async () => {
      const { cli, role, url, cut } = await open();
      const worker = await cli.startWorker();
      await query(url, `ALTER ROLE ${role} CONNECTION LIMIT 0`);
      await refused(
        cli,
        ['enqueue', '--', 'true'],
        /^error: .* has no connection left\nhint: raise max_connections/,
      );
      await cut();
      await worker.saw('has no connection left');
      await query(url, `ALTER ROLE ${role} CONNECTION LIMIT -1`);
      await cli.ok('enqueue', '--id', 'later', '--', 'true');
      await worker.saw('Job later completed successfully.');
      expect((await worker.kill('SIGTERM')).code).toBe(0);
    });

    test('a server that ends idle connections (idle_session_timeout) is no trouble at all', async () => {
      const { cli, role, url, cut } = await open();
      await query(url, `ALTER ROLE ${role} SET idle_session_timeout = 100`);
      await cut();
      const worker = await cli.startWorker();
      for (const id of ['a', 'b', 'c']) {
        await cli.ok('enqueue', '--id', id, '--', 'sleep 0.5');
        await worker.saw(`Job ${id} completed successfully.`);
      }
      expect(worker.stdout()).not.toContain('in trouble');
      expect(await worker.kill('SIGTERM')).toMatchObject({ code: 0 });
      expect(await query(url, 'SELECT max(run) AS most FROM queuectl.jobs')).toEqual([{ most: 1 }]);
    });

    test('statement_timeout: a command exits with 5, a worker tries again', async () => {
      const { cli, role, url, cut } = await open();
      await query(url, `ALTER ROLE ${role} SET statement_timeout = 400`);
      await cut();
      const worker = await cli.startWorker();
      const blocker = new pg.Client({ connectionString: url });
      await blocker.connect();
      onTestFinished(() => blocker.end());
      await blocker.query('BEGIN; LOCK TABLE queuectl.jobs IN ACCESS EXCLUSIVE MODE');
      await refused(
        cli,
        ['enqueue', '--', 'true'],
        /^error: .* is in trouble: canceling statement due to statement timeout\n/,
      );
      await worker.saw('canceling statement due to statement timeout');
      await blocker.query('COMMIT');
      await cli.ok('enqueue', '--id', 'later', '--', 'true');
      await worker.saw('Job later completed successfully.');
      expect((await worker.kill('SIGTERM')).code).toBe(0);
    });

    test('a schema that is dropped under a worker ends it with 5, and what it runs', async () => {
      const { cli, url } = await open();
      await cli.ok('enqueue', '--', 'echo $$ >pid; exec sleep 600');
      const worker = await cli.startWorker();
      const pid = await waitUntil(() => cli.read('pid').endsWith('\n') && Number(cli.read('pid')), {
        what: 'the job',
      });
      await removeDatabase({ home: cli.home, database: url });
      const { code, stderr } = await worker.ended;
      expect({ code, stderr }).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(/^error: .* has lost its tables: .*\nhint: .*\n$/m) as string,
      });
      expect(isAlive(pid)).toBe(false);
    });

    test('a full disk of the server: nothing is acknowledged, and it goes on once there is room', async (ctx) => {
      const disk = mountSmallDisk();
      if (disk === null) return ctx.skip('a file system cannot be mounted here');
      onTestFinished(() => {
        execFileSync('umount', ['--lazy', disk]);
        rmSync(disk, { recursive: true });
      });
      const { cli, role, url } = await open();
      await query(server.url, `CREATE TABLESPACE small LOCATION '${disk}'`);
      await query(
        url,
        `GRANT CREATE ON TABLESPACE small TO ${role}; ALTER TABLE queuectl.jobs SET TABLESPACE small`,
      );
      await cli.ok('enqueue', '--id', 'first', '--', 'true');
      execFileSync('sh', ['-c', `dd if=/dev/zero of=${disk}/ballast bs=4096 2>/dev/null; :`]);
      const jobs = Array.from(
        { length: 200 },
        (_, n) => `{"id":"job-${n}","command":"true ${'x'.repeat(400)}"}\n`,
      );
      const full = await cli.run(['enqueue', '-q', '-'], { input: jobs.join('') });
      expect(full).toMatchObject({ code: 5, stdout: '' });
      expect(full.stderr).toMatch(/cannot grow: the disk of the server is full\n/);
      expect(await query(url, 'SELECT count(*)::integer AS n FROM queuectl.jobs')).toEqual([{ n: 1 }]);
      rmSync(`${disk}/ballast`);
      expect(await cli.run(['enqueue', '-q', '-'], { input: jobs.join('') })).toMatchObject({ code: 0 });
      await cli.drain();
      expect(
        await query(url, `SELECT state, count(*)::integer AS n FROM queuectl.jobs GROUP BY state`),
      ).toEqual([{ state: 'completed', n: 201 }]);
    });
  },
);
