/** What this process itself has to end when the database is away for most of the lease: functions, and what Node started. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bootMs } from '../../src/boot-clock.js';
import type { Launcher } from '../../src/launcher/launcher.js';
import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
import { Queue } from '../../src/queue.js';
import { openStore } from '../../src/store/open-store.js';
import type { HandlerContext } from '../../src/worker/handlers.js';
import { noPostgres, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { startProxiedDatabase } from '../support/proxy.js';
import type { Proxy } from '../support/proxy.js';
import { temporaryHome } from '../support/stores.js';
import { startWorker } from '../support/workers.js';

/** TERM and the abort come 1.4 s before its end: the margin for a machine with other things to do. */
const LEASE_MS = 6000;

describe.skipIf(noPostgres !== undefined)(`a worker that is cut off${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  async function open(): Promise<{ queue: Queue; proxy: Proxy; lastBeatAtMs: () => number }> {
    const { proxy } = await startProxiedDatabase(server);
    const options = { lockTimeoutMs: 20_000, home: temporaryHome(), leaseMs: LEASE_MS };
    const store = await openStore(proxy.url, options);
    onTestFinished(() => store.close());
    onTestFinished(() => proxy.heal());
    return {
      queue: new Queue(store),
      proxy,
      lastBeatAtMs: () => store.leaseOf({ id: 1 })?.deadline.askedAtMs ?? 0,
    };
  }

  test.each(['refuse', 'freeze'] as const)(
    'aborts the signal of a handler before the lease is over, and runs it again when it can (%s)',
    { timeout: 90_000 },
    async (how) => {
      const { queue, proxy, lastBeatAtMs } = await open();
      let calls = 0;
      let abortedAtMs = 0;
      const wait = async (_: unknown, { signal }: HandlerContext): Promise<string> => {
        calls += 1;
        if (calls > 1) return 'done';
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            abortedAtMs = bootMs();
            reject(signal.reason as Error);
          });
        });
      };
      const { id } = await queue.enqueue({ handler: 'wait' });
      const { event } = startWorker(queue, { commands: false, handlers: { wait } });
      await waitUntil(() => calls === 1, { what: 'the call' });
      proxy[how]();
      await waitUntil(() => abortedAtMs > 0, { what: 'the abort' });
      expect(abortedAtMs - lastBeatAtMs()).toBeLessThan(LEASE_MS);
      await event('worker.cut_off');
      proxy.heal();
      await waitUntil(async () => (await queue.get(id)).state === 'completed', {
        what: 'it',
      });
      const job = await queue.get(id);
      expect(job).toMatchObject({ attempts: 0, crashes: 0 });
      const outcomes = (await queue.runs(job)).map(({ outcome }) => outcome);
      // A claim that comes too late goes back without a call.
      expect([outcomes[0], outcomes.at(-1)]).toEqual(['given_back', 'success']);
      expect(calls).toBe(2);
    },
  );

  test('ends what the Node launcher runs before the lease is over', { timeout: 90_000 }, async () => {
    const { queue, proxy, lastBeatAtMs } = await open();
    const launcher: Launcher = createNodeLauncher();
    const command = `[ $QUEUECTL_RUN -gt 1 ] && exit; while read -r up rest </proc/uptime; do echo $up >>lives; [ -s pid ] || echo $$ >pid; sleep 0.02; done`;
    const { id } = await queue.enqueue({ command, cwd: queue.store.home });
    const { event } = startWorker(queue, { launcher });
    const path = `${queue.store.home}/pid`;
    const pid = await waitUntil(() => existsSync(path) && Number(readFileSync(path, 'utf8')), {
      what: 'the job to run',
    });
    proxy.refuse();
    await waitUntil(() => !isAlive(pid), { what: 'its end' });
    const lastS = Number(readFileSync(`${queue.store.home}/lives`, 'utf8').trim().split('\n').at(-1));
    expect(lastS * 1000 - lastBeatAtMs()).toBeLessThan(LEASE_MS);
    await event('worker.cut_off');
    proxy.heal();
    await waitUntil(async () => (await queue.get(id)).state === 'completed', {
      what: 'it',
    });
    expect(await queue.get(id)).toMatchObject({ attempts: 0, crashes: 0 });
  });
});
