import { describe, expect, test } from 'vitest';
import { STATES } from '../../../src/job/state.js';
import { HOUR_MS, insert } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { forThisTest } from './workers.js';

export function exerciseChecks(open: OpenStoreUnderTest): void {
  describe('the checks', () => {
    test('find nothing in a store with a job in each state', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      for (const state of STATES) await makeJob(tested, state);
      expect(await store.damages(false)).toEqual([]);
      expect(await store.damages(true)).toEqual([]);
      expect(await store.wrongCounters()).toEqual([]);
      expect(await store.logBytes()).toBeGreaterThanOrEqual(0);
    });

    test('counters that say too much, too little or nothing are found, and set to what there is', async () => {
      const tested = await forThisTest(open);
      const { store, spoilCounter } = tested;
      await insert(store, { queue: 'a' });
      await insert(store, { queue: 'b' });
      await spoilCounter('a', 'pending', 0);
      await spoilCounter('b', 'pending', 5);
      await spoilCounter('gone', 'dead', 2);
      expect(await store.wrongCounters()).toEqual([
        { queue: 'a', state: 'pending', counted: 0, stored: 1 },
        { queue: 'b', state: 'pending', counted: 5, stored: 1 },
        { queue: 'gone', state: 'dead', counted: 2, stored: 0 },
      ]);
      await store.mendCounters();
      expect(await store.wrongCounters()).toEqual([]);
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('the newest time is none in an empty store, and then that of its latest job, end or act', async () => {
      const tested = await forThisTest(open);
      const { store, writeAct } = tested;
      expect(await store.newestTimeMs()).toBeNull();
      const before = Date.now();
      await insert(store);
      expect(await store.newestTimeMs()).toBeGreaterThanOrEqual(before);
      const later = Date.now() + HOUR_MS;
      await writeAct('hold', [1], later);
      expect(await store.newestTimeMs()).toBe(later);
    });
  });
}
