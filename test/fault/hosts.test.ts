/** Three hosts and a server, each in a network namespace of its own: what a network does to a queue, and what holds all the same. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { noServerOfOurs, query } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';
import { openCluster } from './hosts/cluster.js';
import type { Cluster } from './hosts/cluster.js';
import { startCommand } from './hosts/command.js';
import { hostsSoak } from './hosts/hosts-soak.js';
import { whyNoNamespaces } from './hosts/namespaces.js';
import { CUT, WELL } from './hosts/network.js';
import { newSeed } from './harness/random.js';

const SECONDS = Number(process.env['HOSTS_SOAK_SECONDS'] ?? 20);
/** Each connection has told the server to give it up after 25 s. */
const CLOSED_WITHIN_MS = 40_000;
const why = noServerOfOurs ?? whyNoNamespaces();

describe.skipIf(why !== undefined)(`three hosts and a server${why === undefined ? '' : ` [${why}]`}`, () => {
  test.concurrent(
    'clients, workers and two nemeses on three hosts break no invariant',
    { timeout: SECONDS * 1000 + 400_000 },
    async () => {
      const seed = newSeed();
      console.log(`seed ${seed}`);
      const { violations, report } = await hostsSoak({
        seed,
        forMs: SECONDS * 1000,
        lease: '10s',
        longMs: 0,
      });
      if (violations.length > 0) console.log(report);
      expect(violations).toEqual([]);
    },
  );

  test.concurrent(
    'on a host that is cut off, no command hangs, and each says why it ends; after healing its worker works as before',
    { timeout: 300_000 },
    async () => {
      const cluster = await openCluster({ seed: 1, lease: null });
      onTestFinished(cluster.close);
      const { network, hosts, view } = cluster;
      const [host] = hosts;
      if (host === undefined) throw new Error('no host');
      const run = (...words: string[]) => startCommand(cluster, host, words);
      expect(await run('enqueue', '-q', '--', 'sleep', '500').ended).toMatchObject({ exitCode: 0 });
      const worker = host.start(2);
      await waitUntil(() => worker.text().includes('Claimed job 1'), { what: 'the job to run' });
      const waiting = [run('wait', '1'), run('logs', '-f', '1'), run('events', '-f')];
      // Each of them listens, and so does the worker.
      await waitUntil(async () => (await connections(cluster, 'LISTEN')).length === waiting.length + 1, {
        what: 'all to listen',
      });
      // A connection that is cut off in its first moment has not told the server yet when to give it up.
      await waitUntil(async () => (await connections(cluster)).every(({ is_settled }) => is_settled), {
        what: 'no new connection',
      });
      await network.setWire(host.index, CUT, CUT);
      const ended = await Promise.all([run('status'), ...waiting].map(async (command) => command.ended));
      for (const { exitCode, stderr } of ended) {
        expect({ exitCode, stderr }).toEqual({
          exitCode: 5,
          stderr: expect.stringMatching(/^error: .* does not answer\nhint: .*\n$/),
        });
      }
      // By default it would keep them for two hours, with whatever they have locked.
      const areClosed = async (): Promise<boolean> => {
        const left = await connections(cluster);
        if (left.length > 0) throw new Error(`left: ${JSON.stringify(left)}`);
        return true;
      };
      await waitUntil(areClosed, {
        what: 'the server to close the connections of a host that is silent',
        timeoutMs: CLOSED_WITHIN_MS,
      });
      await network.setWire(host.index, WELL, WELL);
      expect(await run('enqueue', '-q', '--', 'true').ended).toMatchObject({ exitCode: 0 });
      await waitUntil(async () => (await view.unfinished()).every(({ id }) => id === '1'), {
        what: 'the worker to run what came after',
        timeoutMs: 30_000,
      });
    },
  );
});

interface Connection {
  readonly query: string;
  readonly state: string | null;
  /** It is not new: it has its settings. */
  readonly is_settled: boolean;
}

/** Of the first host, those whose last statement contained these words. */
async function connections({ view }: Cluster, words = ''): Promise<Connection[]> {
  const rows = await query(
    view.url,
    `SELECT query, state, query <> '' AND clock_timestamp() - backend_start > interval '300 ms' AS is_settled
    FROM pg_stat_activity WHERE client_addr = '10.77.1.2' AND query LIKE '%${words}%'`,
  );
  return rows as unknown as Connection[];
}
