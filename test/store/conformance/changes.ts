import { describe, expect, test } from 'vitest';
import { HOUR_MS, insert, newJob, TO } from '../../support/stores.js';
import type { ChangeCursor } from '../../../src/store/overview.js';
import type { Store } from '../../../src/store/store.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, claimOne, finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseChanges(open: OpenStoreUnderTest): void {
  describe('what has changed', () => {
    test('from now on: neither what is there, nor what a person did, but what comes', async () => {
      const { store, writeAct } = await forThisTest(open);
      const { seq } = await insert(store);
      await writeAct('hold', [seq], Date.now());
      const from = await store.beginChanges(null);
      expect(await store.changes(from)).toMatchObject({ created: [], ended: [], acts: [], more: false });
      const later = await insert(store, { queue: 'b', id: 'named' });
      await writeAct('release', [seq, 999], 7);
      const { created, acts, next } = await store.changes(from);
      expect(created).toMatchObject([{ seq: later.seq, id: 'named', queue: 'b', state: 'pending', run: 0 }]);
      expect(acts).toEqual([
        {
          atMs: 7,
          kind: 'release',
          jobs: [
            { seq, id: String(seq), queue: 'default' },
            { seq: 999, id: '999', queue: null },
          ],
        },
      ]);
      expect(await store.changes(next)).toMatchObject({ created: [], acts: [] });
    });

    test('a job is among those that are owned, then among those that wait, then among those that ended', async () => {
      const { store, makeDue } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const from = await store.beginChanges(null);
      const owned = await store.changes(from);
      expect(owned.owned).toMatchObject([
        { seq: job.seq, state: 'processing', run: 1, sessionId: session.id },
      ]);
      await finish(store, session, job, TO.failed);
      const waits = await store.changes(owned.next);
      expect(waits).toMatchObject({ owned: [], ended: [], failed: [{ seq: job.seq, run: 1 }] });
      await makeDue(job.seq);
      await finish(store, session, await claimOne(store, session), TO.dead);
      const over = await store.changes(waits.next);
      expect(over).toMatchObject({ owned: [], failed: [], ended: [{ seq: job.seq, run: 2, state: 'dead' }] });
      expect(await store.runsAfter([{ seq: job.seq, run: 0 }])).toMatchObject([
        { run: 1, outcome: 'failure', exitCode: 1, sessionId: session.id },
        { run: 2, outcome: 'failure' },
      ]);
      expect(await store.runsAfter([{ seq: job.seq, run: 1 }])).toMatchObject([{ run: 2 }]);
      expect(await store.findJobs([job.seq, 999])).toMatchObject([{ seq: job.seq, state: 'dead' }]);
    });

    test('every end is there at least once, whatever comes in one millisecond, and page by page', async () => {
      const { store } = await forThisTest(open);
      let from = await store.beginChanges(null);
      const session = await openSession(store);
      const ends = new Set<number>();
      const read = async (): Promise<void> => {
        for (;;) {
          const { ended, next, more } = await store.changes(from);
          for (const { seq } of ended) ends.add(seq);
          from = next;
          if (!more) return;
        }
      };
      for (const count of [1, 1, 3, 1200, 1, 1, 2100]) {
        await store.insertJobs(
          Array.from({ length: count }, () => newJob()),
          'error',
        );
        const jobs = await claim(store, session, count);
        const finished = jobs.map(({ seq, run }) => ({
          seq,
          run,
          transition: TO.completed,
          outcome: 'success' as const,
          exitCode: 0,
          signal: null,
          reason: null,
          outputBytes: 0,
          output: null,
        }));
        await store.exchange(session, { running: [], finished, free: 0 });
        await read();
      }
      expect(ends.size).toBe(1 + 1 + 3 + 1200 + 1 + 1 + 2100);
    });

    test('since a time: the jobs and the ends from then on, and no others', async () => {
      const tested = await forThisTest(open);
      const { store, writeAct } = tested;
      const first = await makeJob(tested, 'completed');
      await writeAct('hold', [first.seq], Date.now() - HOUR_MS);
      const later = Date.now() + 1000;
      await writeAct('retry', [first.seq], later);
      const all = await allSince(store, 0);
      expect(all).toEqual([[first.seq], [first.seq], ['hold', 'retry']]);
      expect(await allSince(store, later)).toEqual([[], [], ['retry']]);
      expect(await allSince(store, Date.now() + HOUR_MS)).toEqual([[], [], []]);
    });

    test('what a person did is forgotten before a time, little by little', async () => {
      const { store, writeAct } = await forThisTest(open);
      for (const at of [1, 2, 3, 100]) await writeAct('set', [1], at);
      expect(await store.forgetActs(50, 2)).toBe(2);
      expect(await store.forgetActs(50, 2)).toBe(1);
      expect(await store.forgetActs(50, 2)).toBe(0);
      expect((await allSince(store, 0))[2]).toEqual(['set']);
    });
  });
}

async function allSince(store: Store, sinceMs: number): Promise<[number[], number[], string[]]> {
  const from: ChangeCursor = await store.beginChanges(sinceMs);
  const { created, ended, acts } = await store.changes(from);
  return [created.map(({ seq }) => seq), ended.map(({ seq }) => seq), acts.map(({ kind }) => kind)];
}
