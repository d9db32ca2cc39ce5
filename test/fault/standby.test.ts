/** The server is lost, and its standby takes its place: what workers and acknowledged jobs come to. */
import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli, Started } from '../support/cli.js';
import { isGivenServer, noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';
import { startProxiedDatabase } from '../support/proxy.js';
import type { Proxy } from '../support/proxy.js';
import { startStandby } from '../support/standby.js';
import type { Standby } from '../support/standby.js';

interface Scene {
  readonly cli: Cli;
  readonly worker: Started;
  readonly proxy: Proxy;
  readonly standby: Standby;
  /** Of the database on the server that is lost, and on the one that takes its place. */
  readonly url: string;
  readonly newUrl: string;
  /** The server ends; its address leads to the standby, which is read-only; then that is promoted. */
  readonly failOver: (whileReadOnly?: () => Promise<void>) => Promise<void>;
}

/** A worker that runs the job `long` until the file `go` is there; the standby knows that. */
async function setScene(settings: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const server: TestServer = await startServer({ settings });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await server.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  const standby = await startStandby(server.url);
  onTestFinished(() => standby.stop());
  const { url, proxy } = await startProxiedDatabase(server);
  const cli = createCli();
  await cli.ok('config', 'set', '-q', 'database', proxy.url);
  await cli.ok('config', 'set', '-q', 'lease', '10m');
  const worker = await cli.startWorker(['--count', '4']);
  await cli.ok('enqueue', '--id', 'long', '--', 'until [ -e go ]; do sleep 0.05; done');
  await worker.saw('Claimed job long');
  await standby.untilLevel();
  const newUrl = standby.at(url);
  const failOver: Scene['failOver'] = async (whileReadOnly) => {
    await stop();
    proxy.switchTo(newUrl);
    await whileReadOnly?.();
    await standby.promote();
  };
  return { cli, worker, proxy, standby, url, newUrl, failOver };
}

async function runsOf(url: string, id: string): Promise<unknown[]> {
  return query(
    url,
    `SELECT j.state, r.run, r.outcome FROM queuectl.jobs j LEFT JOIN queuectl.runs r USING (seq) WHERE id = '${id}' ORDER BY r.run`,
  );
}

describe.skipIf(noPostgres !== undefined || isGivenServer)(
  `a standby takes over${whySkipped}`,
  { timeout: 180_000 },
  () => {
    test('synchronous: what was acknowledged is there, the worker goes on, and its job runs once', async () => {
      const { cli, worker, newUrl, failOver, url } = await setScene();
      await query(url, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
      await query(url, 'SELECT pg_reload_conf()');
      await cli.ok('enqueue', '--id', 'acknowledged', '--delay', '1s', '--', 'true');
      await failOver(() => worker.saw('is read-only: a standby, or after a failover'));
      await worker.saw('Job acknowledged completed successfully.');
      writeFileSync(cli.path('go'), '');
      await worker.saw('Job long completed successfully.');
      expect(await runsOf(newUrl, 'long')).toEqual([{ state: 'completed', run: 1, outcome: 'success' }]);
      expect((await worker.kill('SIGTERM')).code).toBe(0);
    });

    test('asynchronous: the latest jobs are gone, what began or ended lately runs again, the worker goes on', async () => {
      const { cli, worker, standby, newUrl, failOver } = await setScene();
      await cli.ok('pause', 'later');
      await cli.ok('enqueue', '--id', 'again', '--queue', 'later', '--', 'echo >>again');
      const work = `flock -n lock sh -c 'echo begun >>lately; until [ -e go ]; do sleep 0.05; done' || echo overlap >>lately`;
      await cli.ok('enqueue', '--id', 'lately', '--delay', '6s', '--', work);
      await standby.untilLevel();
      await standby.cutOff();
      await cli.ok('enqueue', '--id', 'gone', '--delay', '1h', '--', 'true');
      await cli.ok('resume', 'later');
      await worker.saw('Job again completed successfully.');
      await waitUntil(() => cli.read('lately') === 'begun\n', { what: 'the job that begins lately' });
      await failOver();
      await worker.saw('Job lately is no longer ours');
      await waitUntil(() => cli.read('lately') === 'begun\nbegun\n', { what: 'it to begin again' });
      writeFileSync(cli.path('go'), '');
      await worker.saw('Job long completed successfully.');
      expect(await runsOf(newUrl, 'long')).toEqual([{ state: 'completed', run: 1, outcome: 'success' }]);
      expect(await runsOf(newUrl, 'gone')).toEqual([]);
      expect(await runsOf(newUrl, 'again')).toEqual([{ state: 'pending', run: null, outcome: null }]);
      await worker.saw('Job lately completed successfully.');
      expect(cli.read('lately')).toBe('begun\nbegun\n');
      await cli.ok('resume', 'later');
      await cli.ok('wait', 'again');
      expect(cli.read('again')).toBe('\n\n');
      expect((await worker.kill('SIGTERM')).code).toBe(0);
    });
  },
);
