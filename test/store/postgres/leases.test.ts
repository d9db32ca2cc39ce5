/** Beats, and what others make of their absence. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bootMs } from '../../../src/boot-clock.js';
import { bootId } from '../../../src/launcher/process-identity.js';
import { openStore } from '../../../src/store/open-store.js';
import type { Session, Store } from '../../../src/store/store.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { startProgram } from '../../support/programs.js';
import type { Program } from '../../support/programs.js';
import { startProxiedDatabase } from '../../support/proxy.js';
import { ended, insert, jobOf, owner, temporaryHome, TO } from '../../support/stores.js';

const LEASE_MS = 3000;

describe.skipIf(noPostgres !== undefined)(`leases${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  /** Of a home of its own. */
  async function open(url: string, leaseMs = LEASE_MS): Promise<Store> {
    const store = await openStore(url, { lockTimeoutMs: 20_000, home: temporaryHome(), leaseMs });
    onTestFinished(() => store.close());
    return store;
  }

  /** A worker elsewhere that has claimed the one job. */
  async function startElsewhere(url: string): Promise<{ program: Program; id: number }> {
    const program = await startProgram(
      'session',
      { home: url, count: 1, leaseMs: LEASE_MS },
      { env: { QUEUECTL_HOME: temporaryHome() } },
    );
    return { program, id: Number((await program.next())['id']) };
  }

  async function beatOf(url: string, id: number): Promise<number> {
    const [row] = await query(url, `SELECT heartbeat FROM queuectl.workers WHERE session_id = ${id}`);
    return Number(row?.['heartbeat']);
  }

  /** Until the session has sent so many more beats. */
  async function untilBeats(url: string, id: number, count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const before = await beatOf(url, id);
      await waitUntil(async () => (await beatOf(url, id)) > before, { what: 'a beat' });
    }
  }

  const silentOnes = async (store: Store): Promise<number[]> =>
    (await store.listDeadSessions(bootId())).map(({ session }) => session.id);

  async function watching(store: Store): Promise<Session> {
    return store.openSession(owner());
  }

  test('beats go on, and are heard of, while the main loop is busy with exchanges', async () => {
    const url = await server.createDatabase();
    // Room for a machine with other things to do: the thread of the beats may have to wait for a processor.
    const leaseMs = 3 * LEASE_MS;
    const store = await open(url, leaseMs);
    const session = await watching(store);
    const lease = store.leaseOf(session);
    if (lease === null) throw new Error('no lease');
    const first = lease.deadline.askedAtMs;
    while (lease.deadline.askedAtMs - first < leaseMs) {
      await store.exchange(session, { running: [], finished: [], free: 0 });
      expect(bootMs() - lease.deadline.askedAtMs).toBeLessThan(lease.deadline.termAfterMs);
    }
  });

  test('a session elsewhere that is stopped is dead after its lease, not before, and none that beats ever is', async () => {
    const url = await server.createDatabase();
    const store = await open(url);
    const { id } = await insert(store);
    const own = await watching(store);
    const { program, id: elsewhere } = await startElsewhere(url);
    await untilBeats(url, elsewhere, 8);
    expect(await silentOnes(store)).toEqual([]);
    process.kill(program.pid, 'SIGSTOP');
    const stoppedAt = performance.now();
    const [dead] = await waitUntil(
      async () => {
        const found = await store.listDeadSessions(bootId());
        return found.length > 0 ? found : null;
      },
      { what: 'its lease to run out' },
    );
    // Its last beat may have been seen so long before it was stopped.
    expect(performance.now() - stoppedAt).toBeGreaterThan(LEASE_MS - LEASE_MS / 6 - 50);
    expect(dead).toMatchObject({ cause: 'lease', isEnding: false, session: { id: elsewhere } });
    expect(dead?.beatMs).toBe(await beatOf(url, elsewhere));
    expect((await store.listSessions()).map(({ id: each, isSilent }) => [each, isSilent])).toEqual([
      [own.id, false],
      [elsewhere, true],
    ]);
    expect((await jobOf(store, id)).state).toBe('processing');
    if (dead === undefined) return;
    expect(await store.rescueSession(dead.session, [], dead.beatMs)).toBe(true);
    expect((await jobOf(store, id)).state).toBe('pending');
    process.kill(program.pid, 'SIGCONT');
  });

  test('a session that sends one more beat is not rescued by who has seen the one before', async () => {
    const url = await server.createDatabase();
    const [store, other] = [await open(url), await open(url)];
    const { id } = await insert(store);
    const session = await watching(store);
    const { claims } = await store.exchange(session, { running: [], finished: [], free: 1 });
    const before = await beatOf(url, session.id);
    await untilBeats(url, session.id, 1);
    const lost = claims.map((job) => ended(job, TO.pending, { outcome: 'lost' }));
    expect(await other.rescueSession(session, lost, before)).toBe(false);
    expect(await jobOf(store, id)).toMatchObject({ state: 'processing', sessionId: session.id });
    expect(await store.outlook(session)).toMatchObject({ sessionLives: true });
  });

  test('a session that others have given up hears of it by its next beat', async () => {
    const url = await server.createDatabase();
    const [store, other] = [await open(url), await open(url)];
    const session = await watching(store);
    const over = new AbortController();
    onTestFinished(() => over.abort());
    let isLost = false;
    store.leaseOf(session)?.onChange((change) => (isLost ||= change === 'lost'), over.signal);
    await untilBeats(url, session.id, 1);
    await other.rescueSession(session, []);
    await waitUntil(() => isLost, { what: 'the news' });
  });

  test('who was cut off from the database for longer than the lease takes nobody for dead', async () => {
    const { url, proxy } = await startProxiedDatabase(server);
    const store = await open(proxy.url);
    await insert(store);
    const own = await watching(store);
    const { id: elsewhere } = await startElsewhere(url);
    for (const trouble of [proxy.freeze, proxy.refuse]) {
      await untilBeats(url, own.id, 3);
      trouble();
      await untilBeats(url, elsewhere, 8);
      proxy.heal();
      await untilBeats(url, own.id, 3);
      expect(await silentOnes(store)).toEqual([]);
    }
  });

  test('who is cut off again and again within a lease never takes anybody for dead; left in peace, it does', async () => {
    const { url, proxy } = await startProxiedDatabase(server);
    const store = await open(proxy.url);
    await insert(store);
    const own = await watching(store);
    const { program, id: elsewhere } = await startElsewhere(url);
    await untilBeats(url, own.id, 2);
    process.kill(program.pid, 'SIGSTOP');
    const stoppedAt = performance.now();
    while (performance.now() - stoppedAt < 2 * LEASE_MS) {
      proxy.cut();
      await untilBeats(url, own.id, 1);
      expect(await silentOnes(store)).toEqual([]);
    }
    await waitUntil(async () => (await silentOnes(store)).includes(elsewhere), { what: 'its lease' });
    process.kill(program.pid, 'SIGCONT');
  });
});
