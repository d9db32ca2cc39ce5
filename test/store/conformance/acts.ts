import { describe, expect, test } from 'vitest';
import type { Change, ChangedJob } from '../../../src/job/change.js';
import { parseFilter } from '../../../src/job/filter/parse-filter.js';
import { AT_REST, STATES } from '../../../src/job/state.js';
import type { Store } from '../../../src/store/store.js';
import { HOUR_MS, insert, jobOf, newJob } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import { changeJob } from './one-job.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { forThisTest, startJob } from './workers.js';

const REMOVE: Change = { kind: 'remove', from: AT_REST };

function outcomes(jobs: readonly ChangedJob[]): string[] {
  return jobs.map(({ id, outcome }) => `${id} ${outcome}`);
}

async function named(store: Store, words: string): Promise<string[]> {
  return (await store.listJobs({ filter: parseFilter(words), limit: 100 })).map(({ id }) => id);
}

export function exerciseActs(open: OpenStoreUnderTest): void {
  describe('changeJobs', () => {
    test('does each of many by itself: changed, missing or refused, in the order they were named', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { job } = await startJob(store);
      const [a, b] = [await insert(store), await insert(store, { id: 'b' })];
      const ids = ['b', 'nobody', job.id, a.id, 'b'];
      const held = await store.changeJobs({ ids }, { kind: 'hold' });
      expect(outcomes(held.jobs)).toEqual([
        'b changed',
        'nobody missing',
        `${job.id} refused`,
        `${a.id} changed`,
        'b refused',
      ]);
      expect(held.left).toBeNull();
      expect((await jobOf(store, b.id)).state).toBe('held');
      expect((await jobOf(store, job.id)).state).toBe('processing');
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('of a job that is named twice, once: then it is as the first time left it', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { job } = await startJob(store);
      const { id, seq } = await insert(store);
      const twice = async (change: Change, ids = [id, id]): Promise<string[]> =>
        (await store.changeJobs({ ids }, change)).jobs.map((result) =>
          result.outcome === 'refused' ? result.error.message : `${result.id} ${result.outcome}`,
        );
      const settings = { queue: 'other', tags: ['a', 'b'] };
      expect(await twice({ kind: 'set', settings })).toEqual([`${id} changed`, `${id} changed`]);
      expect(await named(store, 'queue:other tag:a')).toEqual([id]);
      const cancel = { signal: 'SIGTERM', graceMs: null, reason: 'twice' };
      expect(await twice({ kind: 'cancel', cancel }, [job.id, job.id])).toEqual([
        `${job.id} changed`,
        `${job.id} changed`,
      ]);
      expect(await twice({ kind: 'cancel', cancel })).toEqual([
        `${id} changed`,
        `job ${id} is cancelled already`,
      ]);
      const before = await store.beginChanges(null);
      expect(await twice({ kind: 'remove', from: AT_REST })).toEqual([`${id} changed`, `${id} missing`]);
      expect((await store.changes(before)).acts.map(({ jobs }) => jobs.map((gone) => gone.seq))).toEqual([
        [seq],
      ]);
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('of more jobs than one statement takes, each gets what is its own', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const input = 'x'.repeat(900_000);
      const large = await store.insertJobs(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((queue) => newJob({ queue, stdin: input + queue })),
        'error',
      );
      const small = await store.insertJobs(
        Array.from({ length: 1100 }, (_, index) => newJob({ queue: `q${index % 3}`, priority: index })),
        'error',
      );
      const ids = [...large, ...small].map(({ id }) => id);
      for (const change of [
        { kind: 'set', settings: { label: 'new', tags: ['all'] } },
        { kind: 'hold' },
        { kind: 'release' },
        { kind: 'cancel', cancel: { signal: 'SIGTERM', graceMs: null, reason: 'all' } },
        { kind: 'retry', from: STATES, delayMs: HOUR_MS },
      ] as const) {
        const { jobs } = await store.changeJobs({ ids }, change);
        expect(jobs.filter(({ outcome }) => outcome !== 'changed')).toEqual([]);
        expect(await tested.counters()).toEqual(await tested.countJobs());
      }
      const last = ids.at(-1) ?? '';
      expect(await jobOf(store, last)).toMatchObject({
        priority: 1099,
        queue: 'q1',
        label: 'new',
        tags: ['all'],
      });
      expect(await jobOf(store, ids[2] ?? '')).toMatchObject({
        queue: 'c',
        stdin: `${input}c`,
        label: 'new',
      });
      expect((await named(store, 'tag:all queue:b state:scheduled')).length).toBe(1);
      await store.changeJobs({ ids }, REMOVE);
      expect(await tested.countJobs()).toEqual([]);
      expect(await tested.counters()).toEqual([]);
    });

    test('of jobs by number leaves out what its selection no longer means', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const seqs = [
        (await insert(store)).seq,
        (await insert(store, { queue: 'other' })).seq,
        (await insert(store)).seq,
      ];
      await changeJob(store, String(seqs[0]), { kind: 'hold' });
      const selection = { filter: parseFilter('queue:default'), states: ['pending'] as const };
      const changed = await store.changeJobs({ seqs, selection }, { kind: 'hold' });
      expect(outcomes(changed.jobs)).toEqual([`${seqs[2]} changed`]);
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('removes a job in any state but processing, with its history, tags and count; its number never comes back', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      for (const state of STATES) {
        const { id, seq } = await makeJob(tested, state);
        await (state === 'processing'
          ? null
          : changeJob(store, id, { kind: 'set', settings: { tags: ['old'] } }));
        const { jobs, left } = await store.changeJobs({ ids: [id] }, REMOVE);
        const gone = state !== 'processing';
        expect(outcomes(jobs), state).toEqual([`${id} ${gone ? 'changed' : 'refused'}`]);
        expect((await store.getJob(id)) === null, state).toBe(gone);
        expect(left?.seqs ?? [], state).toEqual(gone ? [seq] : []);
        if (gone) expect(await store.listRuns(seq), state).toEqual([]);
        expect(await tested.counters(), state).toEqual(await tested.countJobs());
        expect((await insert(store)).seq).toBeGreaterThan(seq);
      }
      expect(await named(store, 'tag:old')).toEqual([]);
    });

    test('notes whose logs are to go in the same commit, for whoever comes next, until that is done', async () => {
      const { store, connect } = await forThisTest(open);
      const ids = [(await insert(store)).id, (await insert(store)).id];
      const { left } = await store.changeJobs({ ids: [...ids, 'nobody'] }, REMOVE);
      const other = await connect();
      expect(await other.listPruned()).toEqual([left]);
      expect(left?.seqs.map(String)).toEqual(ids);
      await other.forgetPruned(left?.note ?? '');
      expect(await store.listPruned()).toEqual([]);
      expect((await store.changeJobs({ ids }, REMOVE)).left).toBeNull();
    });

    test('set finds a job by its new tags and in its new queue alone', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { id } = await insert(store, { tags: ['a', 'b'] });
      await changeJob(store, id, {
        kind: 'set',
        settings: { tags: ['b', 'c'], queue: 'other', priority: 7 },
      });
      for (const [words, found] of [
        ['tag:a', []],
        ['tag:b', [id]],
        ['tag:c', [id]],
        ['queue:other', [id]],
        ['queue:default', []],
      ] as const)
        expect(await named(store, words), words).toEqual(found);
      expect(await jobOf(store, id)).toMatchObject({
        queue: 'other',
        priority: 7,
        tags: ['b', 'c'],
        state: 'pending',
      });
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('set moves a job that waits between pending and scheduled, by its new time', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { id } = await insert(store);
      expect(await changeJob(store, id, { kind: 'set', settings: { delay: '1h' } })).toMatchObject({
        state: 'scheduled',
      });
      expect(await changeJob(store, id, { kind: 'set', settings: { delay: 0 } })).toMatchObject({
        state: 'pending',
      });
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('settings that do not fit are refused, and nothing of them is kept', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { id, seq } = await makeJob(tested, 'dead');
      const before = await tested.storedJob(seq);
      const late = await store.changeJobs(
        { ids: [id] },
        { kind: 'set', settings: { delay: '1h', priority: 3 } },
      );
      expect(late.jobs).toMatchObject([{ outcome: 'refused', error: { code: 'conflict' } }]);
      const both = await store.changeJobs(
        { ids: [id] },
        { kind: 'set', settings: { stdin: 'x', stdin_file: '/y' } },
      );
      expect(both.jobs).toMatchObject([{ outcome: 'refused', error: { code: 'usage' } }]);
      expect(await tested.storedJob(seq)).toEqual(before);
    });

    test('retry with a delay waits so long, and a failed job keeps its attempts', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      for (const [state, attempts] of [
        ['dead', 0],
        ['failed', 1],
      ] as const) {
        const { id } = await makeJob(tested, state);
        const job = await changeJob(store, id, { kind: 'retry', from: [state], delayMs: HOUR_MS });
        if (job === null) throw new Error('the job is gone');
        expect(job).toMatchObject({ state: 'scheduled', attempts });
        expect(job.runAtMs - job.updatedAtMs).toBe(HOUR_MS);
      }
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test('a released job that failed waits for its time, as scheduled', async () => {
      const tested = await forThisTest(open);
      const { id } = await makeJob(tested, 'failed');
      await changeJob(tested.store, id, { kind: 'hold' });
      expect(await changeJob(tested.store, id, { kind: 'release' })).toMatchObject({
        state: 'scheduled',
        attempts: 1,
      });
    });
  });
}
