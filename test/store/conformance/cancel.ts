import { describe, expect, test } from 'vitest';
import type { Cancel } from '../../../src/job/cancel.js';
import { FINAL_STATES, statesBefore } from '../../../src/job/state.js';
import { ended, HOUR_MS, insert, jobOf, newJob, TO } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claim, claimOne, finish, forThisTest, openSession, startJob } from './workers.js';
import { cancelJob, retryJob } from './one-job.js';

const PLAIN: Cancel = { signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' };
const NOW: Cancel = { signal: 'SIGKILL', graceMs: 0, reason: 'cancelled by a person: at once' };
const WAITING = statesBefore('cancel').filter((state) => state !== 'processing');

export function exerciseCancel(open: OpenStoreUnderTest): void {
  describe('cancelJob', () => {
    test('a job that nobody stored is null', async () => {
      const { store } = await forThisTest(open);
      expect(await cancelJob(store, '7', PLAIN)).toBeNull();
      expect(await cancelJob(store, 'nobody', PLAIN)).toBeNull();
    });

    test.each(WAITING)('a %s job is cancelled at once, keeps its counts, and never runs', async (state) => {
      const tested = await forThisTest(open);
      const { store } = tested;
      const { id, seq, run, session } = await makeJob(tested, state);
      const before = await jobOf(store, id);
      const cancelled = await cancelJob(store, id, PLAIN);
      expect(cancelled).toMatchObject({ state: 'cancelled', run, reason: PLAIN.reason });
      expect(cancelled).toMatchObject({ attempts: before.attempts, crashes: before.crashes });
      expect(cancelled).toEqual(await jobOf(store, id));
      await tested.makeDue(seq);
      expect(await claim(store, session, 10)).toEqual([]);
      expect(await store.listRuns(seq)).toHaveLength(run);
      expect(await tested.counters()).toEqual(await tested.countJobs());
    });

    test.each(FINAL_STATES)('a %s job is a conflict, and stays as it is', async (state) => {
      const tested = await forThisTest(open);
      const { id, seq } = await makeJob(tested, state);
      const before = await tested.storedJob(seq);
      await expect(cancelJob(tested.store, id, PLAIN)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(state) as string,
        hint: expect.any(String) as string,
      });
      expect(await tested.storedJob(seq)).toEqual(before);
    });

    test('the failed job of a foreground run is taken from it: it is not run again', async () => {
      const { store } = await forThisTest(open);
      const session = await openSession(store, { kind: 'run' });
      const job = await store.insertRunning(session, newJob());
      await finish(store, session, job, TO.failed);
      expect(await cancelJob(store, job.id, PLAIN)).toMatchObject({ state: 'cancelled', attempts: 1 });
      expect(await store.rerun(session, job.seq)).toBeNull();
      await store.closeSession(session);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'cancelled', reason: PLAIN.reason });
    });

    test('of two at once, a claim and a cancel, one comes first, and both know which', async () => {
      const { store, connect } = await forThisTest(open);
      const other = await connect();
      const session = await openSession(store);
      for (let n = 0; n < 20; n++) {
        const { id } = await insert(store);
        const [claims, cancelled] = await Promise.all([claim(store, session), cancelJob(other, id, PLAIN)]);
        expect(claims.length === 1 ? 'processing' : 'cancelled').toBe(cancelled?.state);
        for (const job of claims) await finish(store, session, job, TO.cancelled);
        expect((await jobOf(store, id)).state).toBe('cancelled');
      }
    });
  });

  describe('a cancel of a job that runs', () => {
    test('is kept with it: signal, grace and reason; the job goes on being processed', async () => {
      const { store } = await forThisTest(open);
      const { job } = await startJob(store, { graceMs: 1234 });
      const before = Date.now();
      const asked = await cancelJob(store, job.id, PLAIN);
      if (asked?.state !== 'processing') throw new Error(`it is ${asked?.state}`);
      expect(asked.cancel).toEqual({ ...PLAIN, graceMs: 1234, atMs: expect.any(Number) as number });
      expect(asked.cancel?.atMs).toBeGreaterThanOrEqual(before);
      expect(asked).toEqual(await jobOf(store, job.id));
      expect(asked.run).toBe(job.run);
    });

    test('is told to its own session alone, by the outlook and by the exchange, until its run has ended', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await insert(store);
      const stranger = await openSession(store);
      const other = await claimOne(store, stranger);
      expect((await store.outlook(session)).cancels).toEqual([]);
      await cancelJob(store, job.id, { ...PLAIN, graceMs: 77 });
      const told = [{ seq: job.seq, run: job.run, cancel: { ...PLAIN, graceMs: 77 } }];
      expect((await store.outlook(session)).cancels).toMatchObject(told);
      const request = { finished: [], free: 0 };
      expect((await store.exchange(session, { ...request, running: [job] })).cancels).toMatchObject(told);
      expect((await store.outlook(stranger)).cancels).toEqual([]);
      expect((await store.exchange(stranger, { ...request, running: [other] })).cancels).toEqual([]);
      await finish(store, session, job, TO.cancelled);
      expect((await store.outlook(session)).cancels).toEqual([]);
    });

    test('a second one can bring the end nearer, and not put it off', async () => {
      const { store } = await forThisTest(open);
      const { job } = await startJob(store);
      const ask = async (cancel: Partial<Cancel>): Promise<unknown> => {
        const asked = await cancelJob(store, job.id, { ...PLAIN, ...cancel });
        return asked?.state === 'processing' ? asked.cancel : null;
      };
      const first = await ask({ graceMs: HOUR_MS, signal: 'SIGINT', reason: 'first' });
      expect(await ask({ graceMs: 2 * HOUR_MS })).toEqual(first);
      expect(await ask({ graceMs: 60_000 })).toMatchObject({
        signal: 'SIGINT',
        reason: 'first',
        graceMs: 60_000,
      });
      const last = await ask(NOW);
      expect(last).toMatchObject({ graceMs: 0, reason: 'first' });
      expect(await ask(NOW)).toEqual(last);
      expect(await ask(PLAIN)).toEqual(last);
    });

    test('ends with it as cancelled, for the reason that the person gave', async () => {
      const { store, storedJob } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await cancelJob(store, job.id, PLAIN);
      const end = ended(job, TO.cancelled, {
        exitCode: null,
        signal: 'SIGTERM',
        reason: 'killed by SIGTERM',
      });
      const { lost, cancelled } = await store.exchange(session, { running: [], finished: [end], free: 0 });
      expect({ lost, cancelled }).toEqual({ lost: [], cancelled: [{ seq: job.seq, run: job.run }] });
      expect(await jobOf(store, job.id)).toMatchObject({
        state: 'cancelled',
        attempts: 0,
        signal: 'SIGTERM',
        reason: PLAIN.reason,
      });
      expect(await store.listRuns(job.seq)).toMatchObject([
        { outcome: 'cancelled', reason: 'killed by SIGTERM' },
      ]);
      expect((await storedJob(job.seq))['cancel']).toBeNull();
    });

    test('that came too late leaves a job completed, or dead by itself', async () => {
      const { store, storedJob } = await forThisTest(open);
      for (const state of ['completed', 'dead'] as const) {
        const { session, job } = await startJob(store, { queue: state });
        await cancelJob(store, job.id, PLAIN);
        const { cancelled } = await finish(store, session, job, TO[state]);
        expect(cancelled).toEqual([]);
        expect((await jobOf(store, job.id)).state).toBe(state);
        expect((await storedJob(job.seq))['cancel']).toBeNull();
      }
    });

    test('that failed by itself meanwhile: the failure is counted, and nothing is retried', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await cancelJob(store, job.id, PLAIN);
      const { cancelled } = await finish(store, session, job, TO.failed);
      expect(cancelled).toEqual([{ seq: job.seq, run: job.run }]);
      expect(await jobOf(store, job.id)).toMatchObject({
        state: 'cancelled',
        attempts: 1,
        reason: PLAIN.reason,
      });
      expect(await store.listRuns(job.seq)).toMatchObject([{ outcome: 'failure', reason: 'exit code 1' }]);
    });

    test.each(['pending', 'scheduled'] as const)(
      'given back (as %s), it is cancelled and not run again',
      async (to) => {
        const { store, counters, countJobs } = await forThisTest(open);
        const { session, job } = await startJob(store);
        await cancelJob(store, job.id, PLAIN);
        await finish(store, session, job, TO[to]);
        expect(await jobOf(store, job.id)).toMatchObject({ state: 'cancelled', reason: PLAIN.reason });
        expect(await claim(store, session)).toEqual([]);
        expect(await counters()).toEqual(await countJobs());
      },
    );

    test('a claim whose answer never arrived is cancelled instead of given back', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await cancelJob(store, job.id, PLAIN);
      const { lost, cancels } = await store.exchange(session, { running: [], finished: [], free: 1 });
      expect({ lost, cancels }).toEqual({ lost: [], cancels: [] });
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'cancelled', run: 1 });
    });

    test('a session that closes leaves it cancelled', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await cancelJob(store, job.id, PLAIN);
      await store.closeSession(session);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'cancelled', reason: PLAIN.reason });
    });

    test.each([
      ['to run again', { to: 'scheduled', crashes: 1, delayMs: HOUR_MS }, 1],
      ['as poison', { ...TO.dead, attempts: 0, crashes: 5 }, 5],
    ] as const)('rescued %s, it is cancelled; the crash is counted', async (_how, transition, crashes) => {
      const { store, connect } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await cancelJob(store, job.id, PLAIN);
      const lostRun = ended(job, transition, { outcome: 'lost', reason: 'lost: its worker died' });
      await (await connect()).rescueSession(session, [lostRun]);
      expect(await jobOf(store, job.id)).toMatchObject({
        state: 'cancelled',
        attempts: 0,
        crashes,
        reason: PLAIN.reason,
      });
      expect(await store.listRuns(job.seq)).toMatchObject([{ outcome: 'lost' }]);
    });

    test('of a foreground run whose process died: cancelled, not dead', async () => {
      const { store, connect } = await forThisTest(open);
      const session = await openSession(store, { kind: 'run' });
      const job = await store.insertRunning(session, newJob());
      await cancelJob(store, job.id, PLAIN);
      await (await connect()).rescueSession(session, []);
      expect(await jobOf(store, job.id)).toMatchObject({ state: 'cancelled', reason: PLAIN.reason });
    });

    test('the end of a run that is no longer the session’s own changes nothing', async () => {
      const { store, storedJob } = await forThisTest(open);
      const { job } = await startJob(store);
      await cancelJob(store, job.id, PLAIN);
      const before = await storedJob(job.seq);
      const stranger = await openSession(store);
      const { lost, cancelled } = await finish(store, stranger, job, TO.cancelled);
      expect({ lost, cancelled }).toEqual({ lost: [{ seq: job.seq, run: job.run }], cancelled: [] });
      expect(await storedJob(job.seq)).toEqual(before);
    });
  });

  test.each(['while it waits', 'while it runs'])(
    'a job cancelled %s and retried runs, and is not cancelled again',
    async (when) => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      if (when === 'while it waits') await finish(store, session, job, TO.failed);
      await cancelJob(store, job.id, PLAIN);
      if (when === 'while it runs') await finish(store, session, job, TO.cancelled);
      expect(await retryJob(store, job.id, ['cancelled'])).toMatchObject({ state: 'pending', attempts: 0 });
      const again = await claimOne(store, session);
      expect(again).toMatchObject({ run: 2, cancel: null });
      expect((await store.outlook(session)).cancels).toEqual([]);
      await finish(store, session, again, TO.failed);
      expect((await jobOf(store, job.id)).state).toBe('failed');
    },
  );
}
