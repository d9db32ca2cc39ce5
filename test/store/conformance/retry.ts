import { describe, expect, test } from 'vitest';
import { statesBefore } from '../../../src/job/state.js';
import { insert, jobOf, newJob, TO } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claimOne, finish, forThisTest, openSession, startJob } from './workers.js';
import { retryJob } from './one-job.js';

const ANY = statesBefore('retry');

export function exerciseRetry(open: OpenStoreUnderTest): void {
  describe('retryJob', () => {
    test('a job that nobody stored is null', async () => {
      const { store } = await forThisTest(open);
      expect(await retryJob(store, '7', ANY)).toBeNull();
      expect(await retryJob(store, 'nobody', ANY)).toBeNull();
    });

    test.each(['dead', 'completed', 'cancelled'] as const)(
      'a %s job starts with all its attempts again; run and history stay',
      async (state) => {
        const { store } = await forThisTest(open);
        const { session, job } = await startJob(store);
        const spent = { to: 'scheduled', crashes: 2, delayMs: 0 } as const;
        await finish(store, session, job, spent);
        const again = await claimOne(store, session);
        await finish(store, session, again, state === 'dead' ? { ...TO.dead, crashes: 2 } : TO[state]);
        expect(await jobOf(store, job.id)).toMatchObject({ state, crashes: 2 });

        const retried = await retryJob(store, job.id, ANY);
        expect(retried).toMatchObject({ state: 'pending', attempts: 0, crashes: 0, run: 2 });
        expect(retried).toEqual(await jobOf(store, job.id));
        expect((await store.listRuns(job.seq)).map(({ run }) => run)).toEqual([1, 2]);
        expect((await claimOne(store, session)).run).toBe(3);
      },
    );

    test('a failed job is due now, and keeps what was counted', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await finish(store, session, job, { ...TO.failed, attempts: 2 });
      const retried = await retryJob(store, job.id, ANY);
      expect(retried).toMatchObject({ state: 'pending', attempts: 2, run: 1 });
      expect(retried?.runAtMs).toBeLessThanOrEqual(Date.now());
      expect((await claimOne(store, session)).attempts).toBe(2);
    });

    test('only a state that was asked for: anything else is a conflict that names what is', async () => {
      const tested = await forThisTest(open);
      const { id, seq } = await makeJob(tested, 'completed');
      const before = await tested.storedJob(seq);
      await expect(retryJob(tested.store, id, ['dead'])).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/completed.*dead/) as string,
      });
      expect(await tested.storedJob(seq)).toEqual(before);
    });

    test('a state that retry never leaves is a conflict even where it is asked for', async () => {
      const { store } = await forThisTest(open);
      const { id } = await insert(store);
      await expect(retryJob(store, id, ['pending'])).rejects.toMatchObject({ code: 'conflict' });
    });

    test('the failed job of a foreground run is its own', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const session = await openSession(store, { kind: 'run' });
      const job = await store.insertRunning(session, newJob());
      await finish(store, session, job, TO.failed);
      const before = await tested.storedJob(job.seq);
      await expect(retryJob(store, job.id, ANY)).rejects.toMatchObject({ code: 'conflict' });
      expect(await tested.storedJob(job.seq)).toEqual(before);
    });
  });
}
