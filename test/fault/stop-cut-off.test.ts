/** A worker that is to stop and cannot reach its database: it ends in bounded time, and what it had runs again. */
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli, Started } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';
import { startProxiedDatabase } from '../support/proxy.js';
import type { Proxy } from '../support/proxy.js';

const GAVE_UP = /^error: stopped without an answer from the database [^\n]+\nhint: [^\n]+\n$/m;

interface Host {
  readonly cli: Cli;
  readonly worker: Started;
  readonly proxy: Proxy;
  readonly url: string;
}

describe.skipIf(noPostgres !== undefined)(
  `a stop without a database${whySkipped}`,
  { timeout: 120_000 },
  () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(() => server.stop());

    async function startHost(lease: string): Promise<Host> {
      const { url, proxy } = await startProxiedDatabase(server);
      const cli = createCli();
      await cli.ok('config', 'set', '-q', 'database', proxy.url);
      await cli.ok('config', 'set', '-q', 'lease', lease);
      return { cli, worker: await cli.startWorker(), proxy, url };
    }

    async function untilCompleted(url: string, run: number): Promise<void> {
      await waitUntil(
        async () => {
          const [row] = await query(url, `SELECT state, run FROM queuectl.jobs WHERE seq = 1`);
          return row?.['state'] === 'completed' && row['run'] === run;
        },
        { what: `run ${run} to be completed` },
      );
    }

    test.each(['refuse', 'freeze'] as const)(
      'after its lease it exits with 5 in one line, and no crash is counted (%s)',
      async (how) => {
        const { cli, worker, proxy, url } = await startHost('3s');
        await cli.ok('enqueue', '--', `echo >> runs; [ $QUEUECTL_RUN = 2 ] || exec sleep 600`);
        await waitUntil(() => existsSync(cli.path('runs')), { what: 'the job to run' });
        proxy[how]();
        const stoppedAt = performance.now();
        const { code, stderr } = await worker.kill('SIGTERM');
        expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringMatching(GAVE_UP) as string });
        expect(stderr).toContain('the end of 1 run is not recorded');
        expect(performance.now() - stoppedAt).toBeLessThan(30_000);
        proxy.heal();
        const next = await cli.startWorker();
        await untilCompleted(url, 2);
        expect(await query(url, 'SELECT attempts, crashes FROM queuectl.jobs')).toEqual([
          { attempts: 0, crashes: 0 },
        ]);
        expect((await next.kill('SIGTERM')).code).toBe(0);
      },
    );

    test('within its lease it tries until the database is back, and records what it has', async () => {
      const { cli, worker, proxy, url } = await startHost('10m');
      await cli.ok('enqueue', '--', 'until [ -e go ]; do sleep 0.02; done');
      await worker.saw('Claimed job 1');
      proxy.refuse();
      worker.signal('SIGTERM');
      writeFileSync(cli.path('go'), '');
      await waitUntil(() => worker.stdout().split('The queue is in trouble').length > 4, {
        what: 'it to try again and again',
      });
      proxy.heal();
      expect((await worker.ended).code).toBe(0);
      await untilCompleted(url, 1);
    });

    test('a second signal ends it within its lease, and what it leaves waits for that', async () => {
      const { cli, worker, proxy } = await startHost('10m');
      await cli.ok('enqueue', '--', 'exec sleep 600');
      await worker.saw('Claimed job 1');
      proxy.freeze();
      worker.signal('SIGTERM');
      await worker.saw('Shutting down');
      const { code, stderr } = await worker.kill('SIGTERM');
      expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringMatching(GAVE_UP) as string });
      proxy.heal();
      expect(await cli.json('show', '1')).toMatchObject({ state: 'processing', run: 1 });
    });

    test('a worker that was told to stop now gives up, too, though nothing can hasten it any more', async () => {
      const { cli, worker, proxy } = await startHost('10m');
      await cli.ok('enqueue', '--', `trap '' TERM; echo ready; until [ -e go ]; do sleep 0.02; done`);
      await worker.saw('Claimed job 1');
      await waitUntil(async () => (await cli.ok('logs', '1')) === 'ready\n', { what: 'the trap' });
      await cli.ok('worker', 'stop', '--now');
      await worker.saw('Ending 1 running job now');
      proxy.refuse();
      writeFileSync(cli.path('go'), '');
      const { code, stderr } = await worker.ended;
      expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringMatching(GAVE_UP) as string });
    });
  },
);
