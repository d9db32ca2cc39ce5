/** What a ring tells those who wait, on a real server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ring } from '../../../src/store/bell.js';
import { openStore } from '../../../src/store/open-store.js';
import type { FinishedRun, RunKey } from '../../../src/store/store.js';
import { noPostgres, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { ended, makeTemporaryHome, newJob, owner, TO } from '../../support/stores.js';

describe.skipIf(noPostgres !== undefined)(`on a server${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test('a ring for new jobs says so, also where it is told together with others; ends alone say so, too', async () => {
    const { home, remove } = makeTemporaryHome();
    const url = await server.createDatabase();
    const store = await openStore(url, { lockTimeoutMs: 20_000, home });
    const rings: Ring[] = [];
    const over = new AbortController();
    store.bell.onRing((about) => rings.push(about), over.signal);
    const heard = async (what: string, act: () => unknown): Promise<Ring[]> => {
      const before = rings.length;
      await act();
      await waitUntil(() => rings.length > before, { what });
      return rings.slice(before);
    };
    await waitUntil(() => rings.length > 0, { what: 'the bell to be watched' });
    expect(rings).toEqual(['change']);
    expect(await heard('the pause', () => store.pauseQueues(['q']))).toEqual(['change']);
    // Told alone where the pause has been told for a while; nothing is left to be told after it.
    await store.insertJobs([newJob(), newJob()], 'error');
    await waitUntil(() => rings.at(-1) === 'jobs', { what: 'the new jobs to be told' });
    const alone = rings.length;
    for (const about of ['change', 'jobs', 'change'] as const) store.bell.ring(about);
    await waitUntil(() => rings.length > alone && rings.at(-1) === 'jobs', { what: 'the three to be told' });
    // The last two at least wait for their turn.
    expect(rings.length - alone).toBeLessThanOrEqual(2);
    const session = await store.openSession(owner({ slots: 2 }));
    const { claims } = await store.exchange(session, { running: [], finished: [], free: 2 });
    const [first, second] = claims.map((job, n) => ended(job, n === 0 ? TO.completed : TO.failed));
    if (first === undefined || second === undefined) throw new Error('nothing was claimed');
    const end = (run: FinishedRun, running: readonly RunKey[]): Promise<Ring[]> =>
      heard('the end', () => store.exchange(session, { running, finished: [run], free: 0 }));
    expect(await end(first, [second])).toEqual(['ends']);
    expect(await end(second, [])).toEqual(['change']);
    await store.insertJobs([newJob()], 'error');
    await store.exchange(session, { running: [], finished: [], free: 1 });
    // What the session says nothing of goes back, and may be for others.
    const giveBack = (): unknown => store.exchange(session, { running: [], finished: [], free: 0 });
    await waitUntil(() => rings.at(-1) === 'jobs', { what: 'the third job to be told' });
    expect(await heard('what goes back', giveBack)).toEqual(['change']);
    over.abort();
    await store.close();
    remove();
  });
});
