/** What a ring tells those who wait, on a real server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../src/store/open-store.js';
import { noPostgres, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { makeTemporaryHome, newJob } from '../../support/stores.js';

describe.skipIf(noPostgres !== undefined)(`on a server${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test('a ring for new jobs says so, also where it is told together with others; no other ring does', async () => {
    const { home, remove } = makeTemporaryHome();
    const url = await server.createDatabase();
    const store = await openStore(url, { lockTimeoutMs: 20_000, home });
    const rings: boolean[] = [];
    const over = new AbortController();
    store.bell.onRing((areJobs) => rings.push(areJobs), over.signal);
    const heard = async (what: string, act: () => unknown): Promise<boolean[]> => {
      const before = rings.length;
      await act();
      await waitUntil(() => rings.length > before, { what });
      return rings.slice(before);
    };
    await waitUntil(() => rings.length > 0, { what: 'the bell to be watched' });
    expect(rings).toEqual([false]);
    expect(await heard('the pause', () => store.pauseQueues(['q']))).toEqual([false]);
    await store.insertJobs([newJob()], 'error');
    store.bell.ring();
    await waitUntil(() => rings.includes(true), { what: 'the new job to be told' });
    over.abort();
    await store.close();
    remove();
  });
});
