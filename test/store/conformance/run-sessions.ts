import { describe, expect, test } from 'vitest';
import type { ProcessingJob } from '../../../src/job/job.js';
import type { Session } from '../../../src/store/store.js';
import { jobOf, newJob, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';
import { claim, finish, forThisTest, openSession } from './workers.js';
import { retryJob } from './one-job.js';

interface Foreground extends StoreUnderTest {
  readonly session: Session;
  readonly job: ProcessingJob;
}

async function startForeground(open: OpenStoreUnderTest): Promise<Foreground> {
  const tested = await forThisTest(open);
  const session = await openSession(tested.store, { kind: 'run' });
  return { ...tested, session, job: await tested.store.insertRunning(session, newJob({ id: 'fore' })) };
}

export function exerciseRunSessions(open: OpenStoreUnderTest): void {
  describe('foreground runs', () => {
    test('the job is stored as processing, run 1, its own', async () => {
      const { store, session, job } = await startForeground(open);
      expect(job).toMatchObject({ id: 'fore', state: 'processing', run: 1, sessionId: session.id });
      expect(await jobOf(store, 'fore')).toEqual(job);
      expect(await store.counts()).toMatchObject({ processing: 1 });
    });

    test('an id that is stored is a conflict, and nothing is stored', async () => {
      const { store, session, countJobs } = await startForeground(open);
      await expect(store.insertRunning(session, newJob({ id: 'fore' }))).rejects.toMatchObject({
        code: 'conflict',
      });
      expect(await countJobs()).toEqual([{ queue: 'default', state: 'processing', n: 1 }]);
    });

    test('no worker ever takes it, neither while it runs nor while it waits for its retry', async () => {
      const { store, session, job, makeDue } = await startForeground(open);
      const worker = await openSession(store);
      expect(await claim(store, worker, 10)).toEqual([]);
      await finish(store, session, job, { ...TO.failed, delayMs: 0 });
      await makeDue(job.seq);
      expect(await claim(store, worker, 10)).toEqual([]);
      expect((await jobOf(store, 'fore')).state).toBe('failed');
    });

    test('its rerun is the next run, by its own session only', async () => {
      const { store, session, job } = await startForeground(open);
      expect(await store.rerun(session, job.seq)).toBeNull();
      await finish(store, session, job, TO.failed);
      const stranger = await openSession(store, { kind: 'run' });
      expect(await store.rerun(stranger, job.seq)).toBeNull();
      expect(await store.rerun(session, job.seq)).toMatchObject({ run: 2, state: 'processing', attempts: 1 });
      expect(await store.rerun(session, job.seq)).toBeNull();
      expect(await store.rerun(session, 99)).toBeNull();
    });

    test('stopping the workers does not touch it', async () => {
      const { store, session } = await startForeground(open);
      const worker = await openSession(store);
      expect(await store.requestStop('now')).toBe(1);
      expect(await store.requestStop('now', [session.id, worker.id])).toBe(1);
      expect((await store.outlook(session)).stopRequested).toBeNull();
      expect((await store.outlook(worker)).stopRequested).toBe('now');
    });

    test.each(['processing', 'failed'] as const)(
      'a session that is over with its job %s leaves it dead, never to be rerun',
      async (state) => {
        const { store, session, job, connect, counters, countJobs } = await startForeground(open);
        if (state === 'failed') await finish(store, session, job, TO.failed);
        await (await connect()).rescueSession(session, []);
        const dead = await jobOf(store, 'fore');
        expect(dead).toMatchObject({ state: 'dead', reason: expect.stringContaining('lost') as string });
        expect(await counters()).toEqual(await countJobs());
        expect(await store.rerun(session, job.seq)).toBeNull();
        expect((await finish(store, session, job, TO.completed)).lost).toHaveLength(1);
        expect((await store.listRuns(job.seq)).at(-1)?.outcome).toBe(state === 'failed' ? 'failure' : 'lost');
      },
    );

    test('a session that closes after its job ended leaves the job alone', async () => {
      const { store, session, job, storedJob } = await startForeground(open);
      await finish(store, session, job, TO.completed);
      const before = await storedJob(job.seq);
      await store.closeSession(session);
      expect(await storedJob(job.seq)).toEqual(before);
    });

    test('a job that was completed in the foreground may be retried by the workers', async () => {
      const { store, session, job } = await startForeground(open);
      await finish(store, session, job, TO.completed);
      await retryJob(store, 'fore', ['completed']);
      const worker = await openSession(store);
      expect(await claim(store, worker)).toMatchObject([{ id: 'fore', run: 2, sessionId: worker.id }]);
    });
  });
}
