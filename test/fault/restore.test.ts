/** A database that is put back to an older state while a worker runs: numbers of sessions, jobs and runs are given again. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import {
  isGivenServer,
  noPostgres,
  query,
  serverProgram,
  startServer,
  whySkipped,
} from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';

describe.skipIf(noPostgres !== undefined || isGivenServer)(
  `a restore${whySkipped}`,
  { timeout: 120_000 },
  () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(() => server.stop());

    const dump = (url: string): string =>
      execFileSync(serverProgram('pg_dump'), ['--create', '--clean', url], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });

    /** As a person does it: whoever is connected is thrown out, the database dropped, and made from the dump. */
    async function restore(url: string, text: string): Promise<void> {
      const name = new URL(url).pathname.slice(1);
      await query(server.url, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await query(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
      execFileSync(serverProgram('psql'), ['--quiet', '-v', 'ON_ERROR_STOP=1', server.url], {
        input: text.replace(/^DROP DATABASE.*$/m, ''),
        stdio: ['pipe', 'ignore', 'inherit'],
      });
    }

    test('a worker from before does not pass for another one that got its number, and goes on as a new one', async () => {
      const url = await server.createDatabase();
      const [before, after] = [createCli(), createCli()];
      for (const cli of [before, after]) {
        await cli.ok('config', 'set', '-q', 'database', url);
        await cli.ok('config', 'set', '-q', 'lease', '10m');
      }
      // Each machine has files of its own: the same job finds another `go`.
      await before.ok('enqueue', '--cwd', '/', '--', 'until [ -e "$QUEUECTL_HOME/go" ]; do sleep 0.05; done');
      const backup = dump(url);
      const old = await before.startWorker();
      await old.saw('Claimed job 1');
      old.signal('SIGSTOP');
      await restore(url, backup);
      const next = await after.startWorker();
      await next.saw('Claimed job 1');
      expect(await query(url, 'SELECT session_id::integer, run, state FROM queuectl.jobs')).toEqual([
        { session_id: 1, run: 1, state: 'processing' },
      ]);
      writeFileSync(`${before.home}/go`, '');
      old.signal('SIGCONT');
      await old.saw('given up by the others');
      await before.ok('enqueue', '--id', 'next', '--', 'touch', before.path('ran'));
      await old.saw('Job next completed successfully.');
      expect(existsSync(before.path('ran'))).toBe(true);
      expect(old.stdout()).not.toContain('Job 1 completed');
      expect(
        await query(url, 'SELECT session_id::integer, run, state FROM queuectl.jobs WHERE id IS NULL'),
      ).toEqual([{ session_id: 1, run: 1, state: 'processing' }]);
      writeFileSync(`${after.home}/go`, '');
      await next.saw('Job 1 completed successfully.');
      expect((await old.kill('SIGTERM')).code).toBe(0);
      expect((await next.kill('SIGTERM')).code).toBe(0);
      expect(
        await query(url, 'SELECT session_id::integer, run, outcome FROM queuectl.runs WHERE seq = 1'),
      ).toEqual([{ session_id: 1, run: 1, outcome: 'success' }]);
    });
  },
);
