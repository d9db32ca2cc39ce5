/** Connections that break: before anything was sent, and after everything was done. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/store/open-store.js';
import { Connection } from '../../../src/store/postgres/connection.js';
import type { Store } from '../../../src/store/store.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { cancelJob, retryJob } from '../conformance/one-job.js';
import { startProxy } from '../../support/proxy.js';
import type { Proxy } from '../../support/proxy.js';
import { ended, insert, jobOf, newJob, owner, temporaryHome, TO } from '../../support/stores.js';

describe.skipIf(noPostgres !== undefined)(`a connection that breaks${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  async function openThroughProxy(): Promise<{ store: Store; proxy: Proxy; url: string }> {
    const url = await server.createDatabase();
    const proxy = await startProxy(url);
    const store = await openStore(proxy.url, { lockTimeoutMs: 20_000, home: temporaryHome() });
    onTestFinished(async () => {
      await store.close();
      await proxy.close();
    });
    return { store, proxy, url };
  }

  test('after an end was recorded: reported again, it counts once and is not lost; the claim goes back', async () => {
    const { store, proxy } = await openThroughProxy();
    for (let n = 0; n < 3; n++) await insert(store);
    const session = await store.openSession(owner({ slots: 2 }));
    const first = await store.exchange(session, { running: [], finished: [], free: 1 });
    const finished = first.claims.map((job) => ended(job, TO.failed));
    const request = { running: [], finished, free: 1 };
    proxy.loseNextAnswer('{"failed"}');
    await expect(store.exchange(session, request)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await jobOf(store, '1')).toMatchObject({ state: 'failed', attempts: 1 });
    expect(await jobOf(store, '2')).toMatchObject({ state: 'processing', run: 1 });
    const again = await store.exchange(session, request);
    expect(again).toMatchObject({ lost: [], cancelled: [], claims: [{ seq: 3 }] });
    expect(await jobOf(store, '1')).toMatchObject({ state: 'failed', attempts: 1 });
    expect(await store.listRuns(1)).toHaveLength(1);
    expect(await jobOf(store, '2')).toMatchObject({ state: 'pending', attempts: 0, crashes: 0 });
    expect(await store.listRuns(2)).toMatchObject([{ outcome: 'given_back' }]);
  });

  test('in a transaction of a process that was stopped, by a server that waits no longer: begun again', async () => {
    const url = await server.createDatabase();
    const connection = await Connection.open(url, 20_000);
    onTestFinished(() => connection.close());
    const backends = async (): Promise<unknown[]> => {
      const rows = await query(url, `SELECT pid FROM pg_stat_activity WHERE application_name = 'queuectl'`);
      return rows.map(({ pid }) => pid);
    };
    let tries = 0;
    const result = await connection.write(async (transaction) => {
      tries += 1;
      const [own] = await transaction.rows('SELECT pg_backend_pid() AS pid');
      if (tries === 1) {
        await transaction.exec('SET LOCAL idle_in_transaction_session_timeout = 1');
        await waitUntil(async () => !(await backends()).includes(own?.['pid']), {
          what: 'the server to end it',
        });
      }
      return transaction.rows('SELECT 7 AS n');
    });
    expect({ tries, result }).toEqual({ tries: 2, result: [{ n: 7 }] });
  });

  test('at the end of a read: it is done again, and nothing is in doubt', async () => {
    const { store, proxy } = await openThroughProxy();
    await insert(store);
    const { seq } = await store.beginChanges(null);
    proxy.loseNextAnswer('COMMIT');
    expect(await store.beginChanges(null)).toMatchObject({ seq });
  });

  test('after a cancelled end was recorded: the session hears of it by the next exchange', async () => {
    const { store, proxy } = await openThroughProxy();
    await insert(store);
    const session = await store.openSession(owner());
    const { claims } = await store.exchange(session, { running: [], finished: [], free: 1 });
    await cancelJob(store, '1', { signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' });
    const request = { running: [], finished: claims.map((job) => ended(job, TO.failed)), free: 0 };
    proxy.loseNextAnswer('{"failed"}');
    await expect(store.exchange(session, request)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.exchange(session, request)).toMatchObject({
      lost: [],
      cancelled: [{ seq: 1, run: 1 }],
    });
  });

  test('before an end was recorded: what others have rescued meanwhile is lost', async () => {
    const { store, proxy, url } = await openThroughProxy();
    await insert(store);
    const session = await store.openSession(owner());
    const { claims } = await store.exchange(session, { running: [], finished: [], free: 1 });
    const finished = claims.map((job) => ended(job, TO.completed));
    const other = await openStore(url, { lockTimeoutMs: 20_000, home: temporaryHome() });
    onTestFinished(() => other.close());
    await other.rescueSession(session, []);
    proxy.loseNextAnswer('{"completed"}');
    const request = { running: [], finished, free: 0 };
    await expect(store.exchange(session, request)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await store.exchange(session, request)).lost).toEqual([{ seq: 1, run: 1 }]);
    expect((await jobOf(store, '1')).state).toBe('pending');
  });

  test('after a job was stored: the error says that nobody knows, and the job is there', async () => {
    const { store, proxy } = await openThroughProxy();
    proxy.loseNextAnswer('{"named"}');
    await expect(store.insertJobs([newJob({ id: 'named' })], 'error')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not known whether') as string,
    });
    expect(await store.getJob('named')).toMatchObject({ id: 'named' });
    expect(await store.insertJobs([newJob({ id: 'named' })], 'ignore')).toEqual([
      { outcome: 'exists', id: 'named' },
    ]);
  });

  test('while it lies idle is replaced, and nobody notices', async () => {
    const { store, proxy, url } = await openThroughProxy();
    await insert(store);
    proxy.cut();
    expect(await jobOf(store, '1')).toMatchObject({ id: '1' });
    await query(
      url,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    expect(await retryJob(store, 'nobody', ['dead'])).toBeNull();
  });

  test('of a listener is made anew, and what was rung meanwhile is heard', async () => {
    const { store, proxy } = await openThroughProxy();
    const over = new AbortController();
    onTestFinished(() => over.abort());
    let heard = 0;
    store.bell.onRing(() => (heard += 1), over.signal);
    await waitUntil(() => heard > 0, { what: 'the bell to be watched' });
    heard = 0;
    proxy.cut();
    await waitUntil(() => heard > 0, { what: 'the bell to be watched again' });
    heard = 0;
    store.bell.ring();
    await waitUntil(() => heard > 0, { what: 'a ring' });
  });

  test('to a server that restarts: what waits for it is refused in plain words, and goes on afterwards', async () => {
    const { store } = await openThroughProxy();
    await insert(store);
    await server.restart();
    await waitUntil(async () => (await store.getJob('1')) !== null, { what: 'the store to go on' });
    const { id } = await insert(store);
    expect(await jobOf(store, id)).toMatchObject({ state: 'pending' });
  });
});
