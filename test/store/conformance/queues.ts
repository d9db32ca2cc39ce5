import { describe, expect, test } from 'vitest';
import { HOUR_MS, insert, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, claimOne, finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseQueues(open: OpenStoreUnderTest): void {
  describe('queues and their pauses', () => {
    test('nothing of a paused queue is claimed, what runs is finished, and a resume lets it go on', async () => {
      const { store, connect } = await forThisTest(open);
      const { session, job } = await startJob(store, { queue: 'a' });
      await insert(store, { queue: 'a' });
      await insert(store, { queue: 'b' });
      const other = await connect();
      await other.pauseQueues(['a']);
      const { lost } = await finish(store, session, job, TO.completed);
      expect(lost).toEqual([]);
      const both = await openSession(store);
      expect((await claim(store, both, 10)).map(({ queue }) => queue)).toEqual(['b']);
      await other.resumeQueues(['a']);
      expect((await claim(store, both, 10)).map(({ queue }) => queue)).toContain('a');
    });

    test('a pause of all holds for queues that come later, and ends only for all', async () => {
      const { store } = await forThisTest(open);
      await store.pauseQueues(null);
      await store.pauseQueues(['b']);
      await insert(store, { queue: 'later' });
      const session = await openSession(store);
      expect(await store.outlook(session)).toMatchObject({ ready: false });
      expect(await claim(store, session, 10)).toEqual([]);
      await expect(store.resumeQueues(['later'])).rejects.toMatchObject({ code: 'conflict' });
      expect(await claim(store, session, 10)).toEqual([]);
      await store.resumeQueues(null);
      expect(await store.pauses()).toEqual({ allSinceMs: null, queues: [] });
      expect(await claimOne(store, session)).toMatchObject({ queue: 'later' });
    });

    test('a second pause keeps the time of the first; a resume of what is not paused changes nothing', async () => {
      const { store } = await forThisTest(open);
      await store.resumeQueues(['a']);
      await store.pauseQueues(['b', 'a']);
      const before = await store.pauses();
      await store.pauseQueues(['a']);
      expect(await store.pauses()).toEqual(before);
      expect(before.queues.map(({ name }) => name)).toEqual(['a', 'b']);
      await store.resumeQueues(['b', 'c']);
      expect((await store.pauses()).queues.map(({ name }) => name)).toEqual(['a']);
    });

    test('each queue is listed with its pause and its counts', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'b' });
      await insert(store, { queue: 'a', start: { delayMs: HOUR_MS } });
      await store.pauseQueues(['a', 'new']);
      const [a, b, fresh, ...more] = await store.listQueues();
      expect(more).toEqual([]);
      expect(a).toMatchObject({ name: 'a', counts: { scheduled: 1, pending: 0 } });
      expect(b).toMatchObject({ name: 'b', pausedAtMs: null, counts: { pending: 1 } });
      expect(fresh).toMatchObject({ name: 'new', counts: { pending: 0 } });
      expect(a?.pausedAtMs).toEqual(expect.any(Number));
      await store.pauseQueues(null);
      for (const { pausedAtMs } of await store.listQueues()) expect(pausedAtMs).toEqual(expect.any(Number));
    });

    test('what waits in a paused queue keeps no worker that drains the queues', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store, { queue: 'a' });
      await insert(store, { queue: 'a' });
      await finish(store, session, job, { ...TO.pending, to: 'scheduled', delayMs: HOUR_MS });
      expect(await store.isDrained(null)).toBe(false);
      await store.pauseQueues(['a']);
      expect(await store.isDrained(null)).toBe(true);
      await insert(store, { queue: 'b' });
      expect(await store.isDrained(null)).toBe(false);
      expect(await store.isDrained(['a'])).toBe(true);
      await store.pauseQueues(null);
      expect(await store.isDrained(null)).toBe(true);
    });
  });
}
