import { describe, expect, test } from 'vitest';
import type { Transition } from '../../../src/job/decide.js';
import { ended, HOUR_MS, insert, jobOf, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, claimOne, finish, forThisTest, openSession, startJob } from './workers.js';

export function exerciseExchange(open: OpenStoreUnderTest): void {
  describe('finish', () => {
    test('a failed job waits for its retry and shows how it ended', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const before = Date.now();
      await finish(store, session, job, {
        to: 'failed',
        attempts: 1,
        delayMs: HOUR_MS,
        reason: 'exit code 1',
      });
      const failed = await jobOf(store, job.id);
      expect(failed).toMatchObject({
        state: 'failed',
        attempts: 1,
        run: 1,
        exitCode: 1,
        reason: 'exit code 1',
      });
      expect(failed.runAtMs).toBeGreaterThanOrEqual(before + HOUR_MS);
      expect(failed.runAtMs).toBeLessThanOrEqual(Date.now() + HOUR_MS);
      expect(await claim(store, session, 1)).toEqual([]);
    });

    test('a job given back counts nothing and keeps its place in the queue', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await insert(store);
      await finish(store, session, job, TO.pending);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, run: 1 });
      expect(await claimOne(store, session)).toMatchObject({ seq: job.seq, run: 2 });
    });

    test('one exchange reports many ends and claims into the freed slots', async () => {
      const { store } = await forThisTest(open);
      for (let n = 0; n < 6; n++) await insert(store);
      const session = await openSession(store, { slots: 3 });
      const first = await claim(store, session, 3);
      const { claims, lost } = await store.exchange(session, {
        running: [],
        finished: first.map((job, n) => ended(job, [TO.completed, TO.dead, TO.failed][n] ?? TO.completed)),
        free: 3,
      });
      expect(lost).toEqual([]);
      expect(claims.map((job) => job.seq)).toEqual([4, 5, 6]);
      expect(await store.counts()).toMatchObject({
        completed: 1,
        dead: 1,
        failed: 1,
        processing: 3,
        pending: 0,
      });
    });

    test('a state in which no run ends is refused, and the whole exchange with it', async () => {
      const { store, storedJob } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const before = await storedJob(job.seq);
      const impossible = { to: 'held' } as unknown as Transition;
      await expect(finish(store, session, job, impossible)).rejects.toThrow('held');
      expect(await storedJob(job.seq)).toEqual(before);
    });
  });

  describe('fencing', () => {
    test('the same end twice counts once, in one exchange or in two', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const end = ended(job, TO.failed);
      const both = await store.exchange(session, { running: [], finished: [end, end], free: 0 });
      expect(both.lost).toEqual([{ seq: job.seq, run: job.run }]);
      const again = await store.exchange(session, { running: [], finished: [end], free: 0 });
      expect(again.lost).toEqual([{ seq: job.seq, run: job.run }]);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'failed', attempts: 1 });
      expect(await store.listRuns(job.seq)).toHaveLength(1);
    });

    test.each([-1, 1])('the end of another run (%i) changes nothing', async (difference) => {
      const { store, storedJob } = await forThisTest(open);
      const { session, job: first } = await startJob(store);
      await finish(store, session, first, TO.pending);
      const job = await claimOne(store, session);
      const before = await storedJob(job.seq);
      const other = { seq: job.seq, run: job.run + difference };
      const { lost } = await store.exchange(session, {
        running: [job],
        finished: [ended(other, TO.completed)],
        free: 0,
      });
      expect(lost).toEqual([other]);
      expect(await storedJob(job.seq)).toEqual(before);
    });

    test('the end of a job that another session runs changes nothing', async () => {
      const { store, storedJob } = await forThisTest(open);
      const { job } = await startJob(store);
      const stranger = await openSession(store);
      const before = await storedJob(job.seq);
      expect((await finish(store, stranger, job, TO.completed)).lost).toHaveLength(1);
      expect(await storedJob(job.seq)).toEqual(before);
      expect(await store.listRuns(job.seq)).toEqual([]);
    });

    test('a worker that lost its claim cannot finish the job, neither before nor during nor after its rerun', async () => {
      const { store, connect, storedJob } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const rescuer = await connect();
      await rescuer.rescueSession(session, [ended(job, { to: 'pending', crashes: 1, delayMs: 0 })]);
      const late = async (): Promise<void> => {
        const before = await storedJob(job.seq);
        expect((await finish(store, session, job, TO.completed)).lost).toEqual([
          { seq: job.seq, run: job.run },
        ]);
        expect(await storedJob(job.seq)).toEqual(before);
      };
      await late();
      const other = await openSession(rescuer);
      const rerun = await claimOne(rescuer, other);
      expect(rerun).toMatchObject({ seq: job.seq, run: 2, crashes: 1 });
      await late();
      await finish(rescuer, other, rerun, TO.completed);
      await late();
    });

    test('a claim that the session does not know of goes back, and its run is kept as never started', async () => {
      const { store } = await forThisTest(open);
      await insert(store);
      await insert(store);
      const session = await openSession(store, { slots: 2 });
      const [known, unknown] = await claim(store, session, 2);
      const { lost } = await store.exchange(session, {
        running: known === undefined ? [] : [known],
        finished: [],
        free: 0,
      });
      expect(lost).toEqual([]);
      expect(await jobOf(store, '1')).toMatchObject({ state: 'processing', run: 1 });
      expect(await jobOf(store, '2')).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, run: 1 });
      expect(await store.listRuns(unknown?.seq ?? 0)).toMatchObject([{ run: 1, outcome: 'given_back' }]);
    });

    test('a session learns which of its runs it has lost, and keeps the others', async () => {
      const { store, connect } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const stranger = await startJob(await connect(), { queue: 'other' });
      const gone = [
        { seq: job.seq, run: 9 },
        { seq: stranger.job.seq, run: 1 },
        { seq: 77, run: 1 },
      ];
      const { lost } = await store.exchange(session, { running: [job, ...gone], finished: [], free: 0 });
      expect(lost).toEqual(gone);
      expect((await jobOf(store, job.id)).state).toBe('processing');
    });

    test('a session that is over claims nothing, for nobody could rescue it', async () => {
      const { store, connect } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await (await connect()).closeSession(session);
      const next = await insert(store, { priority: 9 });
      const { claims } = await store.exchange(session, {
        running: [],
        finished: [ended(job, TO.completed)],
        free: 5,
      });
      expect(claims).toEqual([]);
      expect((await jobOf(store, next.id)).state).toBe('pending');
      await expect(store.listOwned(session)).resolves.toEqual([]);
    });
  });
}
