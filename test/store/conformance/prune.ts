import { describe, expect, test } from 'vitest';
import { FINAL_STATES, isFinal, STATES } from '../../../src/job/state.js';
import { TO } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { finish, forThisTest, startJob } from './workers.js';

const LATER_MS = 60_000;

export function exercisePrune(open: OpenStoreUnderTest): void {
  describe('pruneJobs', () => {
    test('removes the jobs of its states with their runs, and no job that is not over', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const seqs = new Map<string, number>();
      for (const state of STATES) seqs.set(state, (await makeJob(tested, state)).seq);
      const all = { states: FINAL_STATES, endedBeforeMs: Date.now() + LATER_MS };
      expect(await store.countPrunable(all)).toBe(3);
      expect((await store.pruneJobs({ ...all, states: ['dead'] }, 10))?.seqs).toEqual([seqs.get('dead')]);
      expect(await store.countPrunable(all)).toBe(2);
      expect((await store.pruneJobs(all, 10))?.seqs).toEqual([seqs.get('completed'), seqs.get('cancelled')]);
      expect(await store.pruneJobs(all, 10)).toBeNull();
      for (const state of STATES) {
        const seq = seqs.get(state) ?? 0;
        const isGone = isFinal(state);
        expect((await store.getJob(String(seq))) === null, state).toBe(isGone);
        if (isGone) expect(await store.listRuns(seq)).toEqual([]);
        expect((await store.counts())[state], state).toBe(isGone ? 0 : 1);
      }
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('takes the oldest first, at most so many, and leaves what ended later', async () => {
      const { store } = await forThisTest(open);
      const ended: number[] = [];
      for (let n = 0; n < 5; n++) {
        const { session, job } = await startJob(store, { queue: `q${n}` });
        await finish(store, session, job, TO.completed);
        ended.push(job.seq);
      }
      expect(await store.pruneJobs({ states: FINAL_STATES, endedBeforeMs: 1 }, 10)).toBeNull();
      const selection = { states: FINAL_STATES, endedBeforeMs: Date.now() + LATER_MS };
      expect((await store.pruneJobs(selection, 2))?.seqs).toEqual(ended.slice(0, 2));
      expect((await store.pruneJobs(selection, 2))?.seqs).toEqual(ended.slice(2, 4));
    });

    test('what was pruned is remembered until it is forgotten, also by others', async () => {
      const tested = await forThisTest(open);
      await makeJob(tested, 'completed');
      const { store } = tested;
      const pruned = await store.pruneJobs(
        { states: FINAL_STATES, endedBeforeMs: Date.now() + LATER_MS },
        10,
      );
      const other = await tested.connect();
      expect(await other.listPruned()).toEqual([pruned]);
      await other.forgetPruned(pruned?.note ?? '');
      expect(await store.listPruned()).toEqual([]);
    });

    test('a number is not used again after its job is gone', async () => {
      const tested = await forThisTest(open);
      const { seq } = await makeJob(tested, 'completed');
      await tested.store.pruneJobs({ states: FINAL_STATES, endedBeforeMs: Date.now() + LATER_MS }, 10);
      expect((await makeJob(tested, 'pending')).seq).toBe(seq + 1);
    });

    test('of many that ask, one begins the round of this hour', async () => {
      const { store, connect } = await forThisTest(open);
      const askers = [store, await connect(), await connect()];
      const rounds = await Promise.all(askers.map((asker) => asker.beginPruneRound()));
      expect(rounds.filter((round) => round !== null)).toHaveLength(1);
      expect(await store.beginPruneRound()).toBeNull();
    });
  });
}
