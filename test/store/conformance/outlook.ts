import { describe, expect, test } from 'vitest';
import { HOUR_MS, insert, newJob, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseOutlook(open: OpenStoreUnderTest): void {
  describe('outlook', () => {
    test('an empty store has nothing to offer', async () => {
      const { store } = await forThisTest(open);
      const session = await openSession(store);
      expect(await store.outlook(session)).toEqual({
        ready: false,
        nextDueMs: null,
        stopRequested: null,
        cancels: [],
        sessionLives: true,
      });
    });

    test('a pending job is ready for the sessions of its queue alone', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'a' });
      for (const [queues, ready] of [
        [null, true],
        [['a'], true],
        [['b'], false],
      ] as const)
        expect((await store.outlook(await openSession(store, { queues }))).ready, String(queues)).toBe(ready);
    });

    test('a job in a paused queue is not ready', async () => {
      const tested = await forThisTest(open);
      await insert(tested.store, { queue: 'a' });
      const session = await openSession(tested.store);
      await tested.store.pauseQueues(['a']);
      expect((await tested.store.outlook(session)).ready).toBe(false);
      await tested.store.resumeQueues(['a']);
      expect((await tested.store.outlook(session)).ready).toBe(true);
    });

    test('it says when the next job falls due, be it scheduled or failed', async () => {
      const { store } = await forThisTest(open);
      const session = await openSession(store);
      await insert(store, { start: { delayMs: 2 * HOUR_MS } });
      const later = (await store.outlook(session)).nextDueMs ?? 0;
      expect(later).toBeGreaterThan(HOUR_MS);
      expect(later).toBeLessThanOrEqual(2 * HOUR_MS);
      const { session: other, job } = await startJob(store, { queue: 'b' });
      await finish(store, other, job, TO.failed);
      expect((await store.outlook(session)).nextDueMs).toBeLessThanOrEqual(HOUR_MS);
    });

    test('what is due is ready, and a claim gets it', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { seq } = await insert(store, { start: { delayMs: HOUR_MS } });
      const session = await openSession(store);
      expect((await store.outlook(session)).ready).toBe(false);
      await tested.makeDue(seq);
      expect(await store.outlook(session)).toMatchObject({ ready: true });
    });

    test('a job that a foreground run keeps for its retry concerns no worker', async () => {
      const { store } = await forThisTest(open);
      const run = await openSession(store, { kind: 'run' });
      const job = await store.insertRunning(run, newJob());
      await finish(store, run, job, { ...TO.failed, delayMs: 0 });
      const worker = await openSession(store);
      expect(await store.outlook(worker)).toMatchObject({ ready: false, nextDueMs: null });
    });

    test('it tells of a stop, and of a session that others have given up', async () => {
      const { store, connect } = await forThisTest(open);
      const session = await openSession(store);
      await store.requestStop('gracefully');
      expect(await store.outlook(session)).toMatchObject({ stopRequested: 'gracefully', sessionLives: true });
      const exchanged = await store.exchange(session, { running: [], finished: [], free: 0 });
      expect(exchanged.stopRequested).toBe('gracefully');
      await (await connect()).closeSession(session);
      expect(await store.outlook(session)).toMatchObject({ stopRequested: null, sessionLives: false });
    });
  });
}
