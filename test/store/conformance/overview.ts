import { describe, expect, test } from 'vitest';
import { HOUR_MS, insert, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseOverview(open: OpenStoreUnderTest): void {
  describe('the ready lanes', () => {
    test('are the queues and handlers with ready jobs, each with the time of its oldest', async () => {
      const { store } = await forThisTest(open);
      expect(await store.readyLanes()).toEqual([]);
      const longAgo = Date.now() - HOUR_MS;
      await insert(store, { queue: 'b', priority: 5 });
      await insert(store, { queue: 'b', priority: -5, start: { atMs: longAgo } });
      await insert(store, { queue: 'b', priority: 0 });
      await insert(store, { queue: 'a' });
      await insert(store, { queue: 'a', command: null, handler: 'resize' });
      await insert(store, { queue: 'later', start: { delayMs: HOUR_MS } });
      const { session, job } = await startJob(store, { queue: 'busy' });
      const lanes = await store.readyLanes();
      expect(lanes.map(({ queue, handler }) => `${queue}/${handler}`)).toEqual(['a/', 'a/resize', 'b/']);
      expect(lanes[2]?.oldestAtMs).toBe(longAgo);
      expect(lanes[0]?.oldestAtMs).toBeGreaterThan(longAgo);
      await finish(store, session, job, TO.pending);
      expect((await store.readyLanes()).map(({ queue }) => queue)).toContain('busy');
    });

    test('are told of paused queues, too', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'a' });
      await store.pauseQueues(null);
      expect(await store.readyLanes()).toMatchObject([{ queue: 'a', handler: '' }]);
    });
  });

  describe('the change mark', () => {
    test('is another one after each commit of another connection, and the same while nobody writes', async () => {
      const { store, connect } = await forThisTest(open);
      const other = await connect();
      const changes: (() => Promise<unknown>)[] = [
        () => insert(other),
        () => other.pauseQueues(['a']),
        () => other.resumeQueues(null),
        () => openSession(other),
      ];
      for (const change of changes) {
        const before = await store.changeMark();
        expect(await store.changeMark()).toBe(before);
        await change();
        expect(await store.changeMark()).not.toBe(before);
      }
    });
  });
}
