import { describe, expect, test } from 'vitest';
import { ended, HOUR_MS, insert, jobOf, owner, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseSessions(open: OpenStoreUnderTest): void {
  describe('sessions', () => {
    test('a session is listed as it was opened, until it is closed', async () => {
      const { store, connect } = await forThisTest(open);
      const given = owner({ slots: 3, queues: ['b', 'a'] });
      const before = Date.now();
      const session = await store.openSession(given);
      const { launcherLock: _, ...known } = given;
      expect(session).toMatchObject({ ...known, name: 'w1', stopRequested: null });
      expect(session.startedAtMs).toBeGreaterThanOrEqual(before);
      expect(await (await connect()).listSessions()).toEqual([session]);
      await store.closeSession(session);
      expect(await store.listSessions()).toEqual([]);
    });

    test('an id is never used again, not even the highest', async () => {
      const { store } = await forThisTest(open);
      const ids: number[] = [];
      for (let n = 0; n < 4; n++) {
        const session = await openSession(store);
        ids.push(session.id);
        await store.closeSession(session);
      }
      expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    });

    test('workers and foreground runs are listed apart', async () => {
      const { store } = await forThisTest(open);
      const worker = await openSession(store);
      const run = await openSession(store, { kind: 'run' });
      expect((await store.listSessions('worker')).map(({ id }) => id)).toEqual([worker.id]);
      expect((await store.listSessions('run')).map(({ id }) => id)).toEqual([run.id]);
      expect((await store.listSessions()).map(({ id }) => id)).toEqual([worker.id, run.id]);
    });

    test('a session owns what it claimed, and closing gives it back', async () => {
      const { store } = await forThisTest(open);
      for (let n = 0; n < 3; n++) await insert(store);
      const session = await openSession(store, { slots: 2 });
      const jobs = await claim(store, session, 2);
      expect((await store.listOwned(session)).toSorted((a, b) => a.seq - b.seq)).toEqual(jobs);
      await store.closeSession(session);
      expect(await store.listOwned(session)).toEqual([]);
      expect(await store.counts()).toMatchObject({ pending: 3, processing: 0 });
      expect(await jobOf(store, '1')).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, run: 1 });
      expect(await store.listRuns(1)).toMatchObject([{ outcome: 'given_back' }]);
    });

    test('one of the same number and another token, as after a restore, gets nothing and changes nothing', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await insert(store);
      const before = { ...session, token: 'of-another-start' };
      expect(await store.outlook(before)).toMatchObject({ sessionLives: false });
      const exchanged = await store.exchange(before, {
        running: [],
        finished: [ended(job, TO.completed)],
        free: 1,
      });
      expect(exchanged).toMatchObject({ claims: [], lost: [{ seq: job.seq, run: job.run }] });
      const running = await store.exchange(before, { running: [job], finished: [], free: 1 });
      expect(running).toMatchObject({ claims: [], lost: [{ seq: job.seq, run: job.run }] });
      expect(await store.rescueSession(before, [ended(job, TO.completed)])).toBe(false);
      await store.closeSession(before);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'processing', run: 1 });
      expect(await store.listSessions()).toEqual([session]);
      await finish(store, session, job, TO.completed);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'completed' });
    });

    test('a session that closes while another process rescues it is no harm', async () => {
      const { store, connect } = await forThisTest(open);
      const { session } = await startJob(store);
      const other = await connect();
      await Promise.all([store.closeSession(session), other.rescueSession(session, [])]);
      await store.closeSession(session);
      expect(await store.counts()).toMatchObject({ pending: 1, processing: 0 });
      expect(await store.listRuns(1)).toHaveLength(1);
    });

    test('a rescue records what was lost, gives back the rest, and happens once', async () => {
      const { store, connect } = await forThisTest(open);
      for (let n = 0; n < 2; n++) await insert(store);
      const session = await openSession(store, { slots: 2 });
      const [first] = await claim(store, session, 2);
      if (first === undefined) throw new Error('nothing was claimed');
      const lost = [ended(first, { to: 'scheduled', crashes: 1, delayMs: HOUR_MS }, { outcome: 'lost' })];
      const others = [await connect(), await connect()];
      await Promise.all(others.map((other) => other.rescueSession(session, lost)));
      expect(await jobOf(store, '1')).toMatchObject({ state: 'scheduled', crashes: 1, attempts: 0, run: 1 });
      expect(await jobOf(store, '2')).toMatchObject({ state: 'pending', crashes: 0, attempts: 0, run: 1 });
      expect((await store.listRuns(1)).map((run) => run.outcome)).toEqual(['lost']);
      expect(await store.listSessions()).toEqual([]);
    });

    test('a run is processing until it ends; another run of its job is not', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const asked = [job, { seq: job.seq, run: 2 }, { seq: 99, run: 1 }];
      expect(await store.areProcessing(asked)).toEqual([true, false, false]);
      await finish(store, session, job, TO.pending);
      expect(await store.areProcessing(asked)).toEqual([false, false, false]);
      await claim(store, session);
      expect(await store.areProcessing(asked)).toEqual([false, true, false]);
      expect(await store.areProcessing([])).toEqual([]);
    });

    test('a stop is asked of every worker or of those that are named', async () => {
      const { store } = await forThisTest(open);
      expect(await store.requestStop('now')).toBe(0);
      const sessions = [await openSession(store), await openSession(store), await openSession(store)];
      const asked = async (): Promise<(string | null)[]> =>
        (await store.listSessions()).map((session) => session.stopRequested);
      expect(await store.requestStop('gracefully', [sessions[1]?.id ?? 0, 999])).toBe(1);
      expect(await asked()).toEqual([null, 'gracefully', null]);
      expect(await store.requestStop('now', [])).toBe(0);
      expect(await store.requestStop('gracefully')).toBe(3);
      expect(await asked()).toEqual(['gracefully', 'gracefully', 'gracefully']);
    });

    test('a stop that was asked for can be hastened, and then not be put off', async () => {
      const { store } = await forThisTest(open);
      const session = await openSession(store);
      for (const [how, then] of [
        ['gracefully', 'gracefully'],
        ['now', 'now'],
        ['gracefully', 'now'],
      ] as const) {
        expect(await store.requestStop(how, [session.id])).toBe(1);
        expect(await store.outlook(session)).toMatchObject({ stopRequested: then });
        const { stopRequested } = await store.exchange(session, { running: [], finished: [], free: 0 });
        expect(stopRequested).toBe(then);
      }
    });

    test('the ids of what a session owns come in the order of their claim, as many as are asked for', async () => {
      const { store } = await forThisTest(open);
      await insert(store);
      await insert(store, { id: 'named', priority: 9 });
      const session = await openSession(store, { slots: 2 });
      expect(await store.listOwnedIds(session, 9)).toEqual([]);
      await claim(store, session);
      await claim(store, session, 1, [{ seq: 2, run: 1 }]);
      expect(new Set(await store.listOwnedIds(session, 9))).toEqual(new Set(['named', '1']));
      expect(await store.listOwnedIds(session, 1)).toHaveLength(1);
      expect(await store.listOwnedIds(await openSession(store), 9)).toEqual([]);
    });
  });
}
