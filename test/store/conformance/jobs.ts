import { describe, expect, test } from 'vitest';
import { STATES } from '../../../src/job/state.js';
import type { State } from '../../../src/job/state.js';
import { HOUR_MS, insert, TO } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseJobs(open: OpenStoreUnderTest): void {
  describe('getJob and listJobs', () => {
    test('an id that nobody has is null, whatever it looks like', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { id: 'named' });
      for (const id of ['2', '1', '0', '01', '-1', '', 'last', '99999999999999999999', "'; --", 'NAMED'])
        expect(await store.getJob(id), id).toBeNull();
    });

    test('each state is listed by itself, and all of them by default', async () => {
      const tested = await forThisTest(open);
      const seqs: Partial<Record<State, number>> = {};
      for (const state of STATES) seqs[state] = (await makeJob(tested, state)).seq;
      for (const state of STATES) {
        const listed = await tested.store.listJobs({ states: [state], limit: 10 });
        expect(
          listed.map((job) => [job.seq, job.state]),
          state,
        ).toEqual([[seqs[state], state]]);
      }
      const all = await tested.store.listJobs({ limit: 100 });
      expect(all.map((job) => job.state)).toEqual([...STATES]);
      expect(await tested.store.listJobs({ limit: 4 })).toHaveLength(4);
      expect(await tested.store.listJobs({ states: [], limit: 4 })).toEqual([]);
    });

    test('pending jobs stand in the order in which they are claimed', async () => {
      const { store } = await forThisTest(open);
      const ids = [];
      for (const priority of [0, 5, -5, 5, 0]) ids.push((await insert(store, { priority })).id);
      const listed = (await store.listJobs({ states: ['pending'], limit: 10 })).map((job) => job.id);
      expect(listed).toEqual([ids[1], ids[3], ids[0], ids[4], ids[2]]);
      const session = await openSession(store);
      expect((await claim(store, session, 10)).map((job) => job.id)).toEqual(listed);
    });

    test('waiting jobs stand by their time, finished ones by their end, the last one first', async () => {
      const { store } = await forThisTest(open);
      const late = await insert(store, { start: { delayMs: 2 * HOUR_MS } });
      const early = await insert(store, { start: { delayMs: HOUR_MS } });
      const scheduled = await store.listJobs({ states: ['scheduled'], limit: 10 });
      expect(scheduled.map((job) => job.id)).toEqual([early.id, late.id]);
      const ids: string[] = [];
      for (let n = 0; n < 3; n++) {
        const { session, job } = await startJob(store, { queue: `q${n}` });
        await finish(store, session, job, TO.completed);
        ids.unshift(job.id);
      }
      const completed = await store.listJobs({ states: ['completed'], limit: 2 });
      expect(completed.map((job) => job.id)).toEqual(ids.slice(0, 2));
    });

    test('a list of one queue holds nothing of another', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'a' });
      const { id } = await insert(store, { queue: 'b' });
      expect((await store.listJobs({ queue: 'b', limit: 10 })).map((job) => job.id)).toEqual([id]);
      expect(await store.listJobs({ queue: 'c', limit: 10 })).toEqual([]);
    });
  });
}
