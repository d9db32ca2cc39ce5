import { describe, expect, test } from 'vitest';
import type { ProcessingJob } from '../../../src/job/job.js';
import { HOUR_MS, insert, jobOf, newJob } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, claimOne, forThisTest, openSession } from './workers.js';

export function exerciseClaims(open: OpenStoreUnderTest): void {
  describe('claims', () => {
    test('a claimed job is processing, owned, and one run further; the claim is the whole job', async () => {
      const { store } = await forThisTest(open);
      const { id } = await insert(store, { command: ['a', 'b'] });
      const session = await openSession(store);
      const job = await claimOne(store, session);
      expect(job).toMatchObject({
        id,
        state: 'processing',
        run: 1,
        sessionId: session.id,
        command: ['a', 'b'],
      });
      expect(job.startedAtMs).toBeGreaterThanOrEqual(job.createdAtMs);
      expect(await jobOf(store, id)).toEqual(job);
    });

    test('priority counts across queues, then the time, then the number', async () => {
      const { store } = await forThisTest(open);
      const now = Date.now();
      const jobs = (
        [
          ['low', 'a', 1, 0],
          ['old', 'b', 2, -5000],
          ['new', 'a', 2, -1000],
          ['twin', 'c', 2, -1000],
          ['high', 'c', 3, 0],
          ['last', 'b', -1, -HOUR_MS],
        ] as const
      ).map(([id, queue, priority, age]) =>
        newJob({ id: `${id}-x`, queue, priority, start: { atMs: now + age } }),
      );
      await store.insertJobs(jobs, 'error');
      const session = await openSession(store, { slots: 6 });
      const claimed = await claim(store, session, 6);
      expect(claimed.map((job) => job.id)).toEqual(['high-x', 'old-x', 'new-x', 'twin-x', 'low-x', 'last-x']);
    });

    test('first in, first out within a priority, one by one', async () => {
      const { store } = await forThisTest(open);
      await store.insertJobs(
        Array.from({ length: 20 }, () => newJob()),
        'error',
      );
      const session = await openSession(store);
      const claimed: ProcessingJob[] = [];
      for (let n = 0; n < 20; n++) claimed.push(...(await claim(store, session, 1, claimed)));
      expect(claimed.map((job) => job.seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    });

    test('at most as many as are free, from as many queues as there are', async () => {
      const { store } = await forThisTest(open);
      for (let n = 0; n < 9; n++) await insert(store, { queue: `q${n % 3}` });
      const session = await openSession(store, { slots: 4 });
      const first = await claim(store, session, 4);
      expect(first).toHaveLength(4);
      const none = await store.exchange(session, { running: first, finished: [], free: 0 });
      expect(none.claims).toEqual([]);
      const rest = await claim(store, session, 100, first);
      expect(rest.map((job) => job.seq)).toEqual([5, 6, 7, 8, 9]);
    });

    test('a session claims from its own queues alone', async () => {
      const { store } = await forThisTest(open);
      for (const queue of ['a', 'b', 'c', 'a'])
        await insert(store, { queue, priority: queue === 'b' ? 9 : 0 });
      const session = await openSession(store, { queues: ['c', 'a', 'empty'] });
      expect((await claim(store, session, 10)).map((job) => job.queue)).toEqual(['a', 'c', 'a']);
      const none = await openSession(store, { queues: [] });
      expect(await claim(store, none, 10)).toEqual([]);
    });

    test('nothing is claimed from a paused queue until it goes on', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      await tested.store.pauseQueues(['slow']);
      const { id } = await insert(store, { queue: 'slow', priority: 5 });
      const other = await insert(store, { queue: 'fast' });
      const session = await openSession(store, { slots: 2 });
      const first = await claim(store, session, 2);
      expect(first.map((job) => job.id)).toEqual([other.id]);
      await tested.store.resumeQueues(['slow']);
      expect((await claim(store, session, 2, first)).map((job) => job.id)).toEqual([id]);
    });

    test('what is due is promoted and claimed in the same exchange; what is not stays', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const due = await insert(store, { start: { delayMs: HOUR_MS } });
      const waiting = await insert(store, { start: { delayMs: HOUR_MS } });
      await tested.makeDue(due.seq);
      const session = await openSession(store, { slots: 2 });
      expect((await claim(store, session, 2)).map((job) => job.seq)).toEqual([due.seq]);
      expect((await jobOf(store, waiting.id)).state).toBe('scheduled');
    });

    test('many that fall due at once are promoted oldest first, at most a thousand in one exchange', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const now = Date.now();
      const jobs = Array.from({ length: 1100 }, (_, n) => newJob({ start: { atMs: now + HOUR_MS - n } }));
      await store.insertJobs(jobs, 'error');
      await tested.makeDue();
      const session = await openSession(store);
      await claim(store, session, 0);
      expect(await store.counts()).toMatchObject({ pending: 1000, scheduled: 100 });
      const left = await store.listJobs({ states: ['scheduled'], limit: 200 });
      const promoted = await store.listJobs({ states: ['pending'], limit: 2000 });
      const oldestLeft = Math.min(...left.map((job) => job.runAtMs));
      for (const job of promoted) expect(job.runAtMs).toBeLessThanOrEqual(oldestLeft);
      await claim(store, session, 0);
      expect(await store.counts()).toMatchObject({ pending: 1100, scheduled: 0 });
    });

    test('two sessions that claim at the same time never get the same job', async () => {
      const { store, connect } = await forThisTest(open);
      await store.insertJobs(
        Array.from({ length: 200 }, () => newJob()),
        'error',
      );
      const stores = [store, await connect(), await connect()];
      const shares = await Promise.all(
        stores.map(async (mine) => {
          const session = await openSession(mine);
          const got: { seq: number; run: number }[] = [];
          for (;;) {
            const more = await claim(mine, session, 7, got);
            if (more.length === 0) return got.map(({ seq }) => seq);
            got.push(...more);
          }
        }),
      );
      expect(shares.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    });
  });
}
