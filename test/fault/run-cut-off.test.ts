/** `queuectl run` without its database: the job is nobody else's, so that it ends before anybody takes it for lost. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { startProxiedDatabase } from '../support/proxy.js';
import type { Proxy } from '../support/proxy.js';

describe.skipIf(noPostgres !== undefined)(
  `a foreground run that is cut off${whySkipped}`,
  { timeout: 120_000 },
  () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(() => server.stop());

    async function open(lease: string): Promise<{ cli: Cli; proxy: Proxy; url: string }> {
      const { url, proxy } = await startProxiedDatabase(server);
      const cli = createCli();
      await cli.ok('config', 'set', '-q', 'database', proxy.url);
      await cli.ok('config', 'set', '-q', 'lease', lease);
      return { cli, proxy, url };
    }

    const jobPid = (cli: Cli): Promise<number> =>
      waitUntil(() => cli.read('pid').endsWith('\n') && Number(cli.read('pid')), { what: 'the job to run' });

    test.each(['refuse', 'freeze'] as const)(
      'its command is ended, it exits with 125 and says why in one line, and the job is dead (%s)',
      async (how) => {
        const { cli, proxy, url } = await open('3s');
        const run = cli.start(['run', '--', 'sh', '-c', 'echo $$ >pid; exec sleep 600']);
        const pid = await jobPid(cli);
        proxy[how]();
        await waitUntil(() => !isAlive(pid), { what: 'the end of its command' });
        const { code, stderr } = await run.ended;
        expect({ code, stderr }).toMatchObject({
          code: 125,
          stderr: expect.stringMatching(
            /^error: the command was ended, since this process was cut off from the database for most of its lease, and that could not be recorded: .*\nhint: .*\n$/,
          ) as string,
        });
        proxy.heal();
        const worker = await cli.startWorker();
        const dead = async (): Promise<boolean> =>
          (await query(url, 'SELECT state FROM queuectl.jobs'))[0]?.['state'] === 'dead';
        await waitUntil(dead, { what: 'the job to be dead' });
        expect((await worker.kill('SIGTERM')).code).toBe(0);
      },
    );

    test('within the lease it waits for the database, and its end is recorded', async () => {
      const { cli, proxy, url } = await open('10m');
      const run = cli.start([
        'run',
        '--',
        'sh',
        '-c',
        'echo $$ >pid; until [ -e go ]; do sleep 0.02; done; exit 7',
      ]);
      const pid = await jobPid(cli);
      proxy.refuse();
      writeFileSync(cli.path('go'), '');
      await waitUntil(() => !isAlive(pid), { what: 'the end of its command' });
      const before = proxy.refused();
      await waitUntil(() => proxy.refused() > before + 3, { what: 'it to try again' });
      proxy.heal();
      expect(await run.ended).toMatchObject({ code: 7 });
      expect(await query(url, 'SELECT state, exit_code FROM queuectl.jobs')).toEqual([
        { state: 'dead', exit_code: 7 },
      ]);
      expect(await query(url, 'SELECT 1 FROM queuectl.workers')).toEqual([]);
    });
  },
);
