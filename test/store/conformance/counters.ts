import { describe, expect, test } from 'vitest';
import { STATES } from '../../../src/job/state.js';
import { HOUR_MS, insert, newJob, TO } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { finish, forThisTest, startJob } from './workers.js';

export function exerciseCounters(open: OpenStoreUnderTest): void {
  describe('counts', () => {
    test('an empty store has none of each state', async () => {
      const { store } = await forThisTest(open);
      expect(await store.counts()).toEqual(Object.fromEntries(STATES.map((state) => [state, 0])));
    });

    test('one job in each state is one in each count', async () => {
      const tested = await forThisTest(open);
      for (const state of STATES) await makeJob(tested, state);
      expect(await tested.store.counts()).toEqual(Object.fromEntries(STATES.map((state) => [state, 1])));
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('they are counted by queue', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'a' });
      await insert(store, { queue: 'b' });
      const { session, job } = await startJob(store, { queue: 'c' });
      await finish(store, session, job, TO.completed);
      expect(await store.counts(['a', 'c', 'nobody'])).toMatchObject({ pending: 1, completed: 1 });
      expect(await store.counts([])).toMatchObject({ pending: 0, completed: 0 });
      expect(await store.counts(null)).toMatchObject({ pending: 2, completed: 1 });
    });

    test('a queue is drained when nothing runs, is ready, or waits for another run', async () => {
      const { store } = await forThisTest(open);
      expect(await store.isDrained(null)).toBe(true);
      await insert(store, { queue: 'later', start: { delayMs: HOUR_MS } });
      expect(await store.isDrained(null)).toBe(true);
      await insert(store, { queue: 'ready' });
      expect(await store.isDrained(null)).toBe(false);
      expect(await store.isDrained(['later'])).toBe(true);
    });

    test.each(['failed', 'scheduled'] as const)(
      'a job that is %s after a run keeps its queue from being drained',
      async (end) => {
        const { store } = await forThisTest(open);
        const { session, job } = await startJob(store, { queue: 'a' });
        expect(await store.isDrained(['a'])).toBe(false);
        await finish(store, session, job, TO[end]);
        expect(await store.isDrained(['a'])).toBe(false);
        expect(await store.isDrained(['b'])).toBe(true);
      },
    );

    test('what was refused has not been counted', async () => {
      const tested = await forThisTest(open);
      await insert(tested.store, { id: 'a' });
      const batch = [newJob({ queue: 'x' }), newJob({ id: 'a' })];
      await tested.store.insertJobs(batch, 'error').catch(() => undefined);
      await tested.store.insertJobs(batch, 'ignore');
      expect(await tested.counters()).toEqual([
        { queue: 'default', state: 'pending', n: 1 },
        { queue: 'x', state: 'pending', n: 1 },
      ]);
    });
  });
}
