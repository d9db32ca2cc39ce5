/** A bell that is not heard: what becomes of those who wait for it. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Queue } from '../../../src/queue.js';
import type { Store } from '../../../src/store/store.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { startProxiedDatabase } from '../../support/proxy.js';
import type { Proxy } from '../../support/proxy.js';
import { openStoreAt } from '../../support/stores.js';
import { startWorker } from '../../support/workers.js';

/** It asks every ten seconds, and waits for five. */
const FOUND_OUT_WITHIN_MS = 15_000;
/** For a machine with other things to do. */
const SLACK_MS = 5000;

describe.skipIf(noPostgres !== undefined)(`the bell${whySkipped}`, { timeout: 60_000 }, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  async function openBehindProxy(): Promise<{ store: Store; other: Store; proxy: Proxy; url: string }> {
    const { url, proxy } = await startProxiedDatabase(server);
    return { store: await openStoreAt(proxy.url), other: await openStoreAt(url), proxy, url };
  }

  interface Heard {
    count: number;
  }

  /** Listens, and resolves once a ring of somebody else has come. */
  async function listening(store: Store, other: Store): Promise<Heard> {
    const heard = { count: 0 };
    const over = new AbortController();
    onTestFinished(() => over.abort());
    store.bell.onRing(() => (heard.count += 1), over.signal);
    await waitUntil(() => heard.count > 0, { what: 'the connection' });
    await untilRing(other, heard);
    return heard;
  }

  async function untilRing(other: Store, heard: Heard): Promise<void> {
    const before = heard.count;
    other.bell.ring();
    await waitUntil(() => heard.count > before, { what: 'the ring' });
  }

  test('a listener whose connection is half open finds it out, looks, and hears the next ring', async () => {
    const { store, other, proxy } = await openBehindProxy();
    const heard = await listening(store, other);
    proxy.hushListeners();
    const before = heard.count;
    const hushedAt = performance.now();
    other.bell.ring();
    const timeoutMs = FOUND_OUT_WITHIN_MS + 2 * SLACK_MS;
    await waitUntil(() => heard.count > before, { what: 'a look', timeoutMs });
    expect(performance.now() - hushedAt).toBeLessThan(FOUND_OUT_WITHIN_MS + SLACK_MS);
    await untilRing(other, heard);
  });

  test('a listener whose connection ends looks as soon as it has another one, and hears the next ring', async () => {
    const { store, other, proxy } = await openBehindProxy();
    const heard = await listening(store, other);
    const before = heard.count;
    proxy.refuse();
    await waitUntil(() => proxy.refused() > 1, { what: 'it to try again' });
    other.bell.ring();
    expect(heard.count).toBe(before);
    proxy.heal();
    await waitUntil(() => heard.count > before, { what: 'a look' });
    await untilRing(other, heard);
  });

  /** Nobody has asked the server for anything for a while, which is short beside the poll. */
  async function isQuiet(url: string): Promise<boolean> {
    const [row] = await query(
      url,
      `SELECT bool_and(state = 'idle' AND clock_timestamp() - state_change > interval '200 ms') AS is_quiet
      FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    return row?.['is_quiet'] === true;
  }

  test('where notifications are dropped, a job starts by the poll', async () => {
    const { store, other, proxy, url } = await openBehindProxy();
    const pollIntervalMs = 1500;
    const { event, events } = startWorker(new Queue(store), { pollIntervalMs });
    await new Queue(other).enqueue({ command: 'true' });
    await event('job.completed');
    proxy.dropNotifications();
    for (let n = 0; n < 3; n++) {
      // What comes while it still looks about after its last job, it finds at once.
      await waitUntil(() => isQuiet(url), { what: 'the worker to sleep' });
      const { id } = await new Queue(other).enqueue({ command: 'true' });
      await waitUntil(() => events.some((each) => each.event === 'job.completed' && each.id === id), {
        what: 'the job',
      });
    }
    const rows = await query(url, `SELECT started_at - created_at AS ms FROM queuectl.jobs`);
    const waits = rows.map(({ ms }) => Number(ms));
    expect(Math.max(...waits)).toBeLessThan(pollIntervalMs + SLACK_MS);
    // Heard, none of them would have waited: the proxy did drop them.
    expect(Math.max(...waits)).toBeGreaterThan(pollIntervalMs / 3);
  });
});
