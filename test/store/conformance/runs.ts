import { describe, expect, test } from 'vitest';
import { waitUntil } from '../../support/processes.js';
import { ended, insert, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { claimOne, finish, forThisTest, startJob } from './workers.js';

export function exerciseRuns(open: OpenStoreUnderTest): void {
  describe('runs', () => {
    test('every run that ended is kept as it was reported, oldest first', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const output = Uint8Array.from({ length: 256 }, (_, n) => n);
      const timedOut = {
        outcome: 'timeout',
        exitCode: null,
        signal: 'SIGKILL',
        reason: 'timed out',
        output,
        outputBytes: 256,
      } as const;
      const finished = [ended(job, { ...TO.failed, delayMs: 0 }, timedOut)];
      await store.exchange(session, { running: [], finished, free: 0 });
      const second = await claimOne(store, session);
      await store.exchange(session, {
        running: [],
        finished: [ended(second, TO.completed, { outputBytes: 5e9 })],
        free: 0,
      });

      const runs = await store.listRuns(job.seq);
      expect(runs).toMatchObject([
        {
          seq: job.seq,
          run: 1,
          ...timedOut,
          output: expect.anything() as unknown,
          startedAtMs: job.startedAtMs,
        },
        {
          seq: job.seq,
          run: 2,
          outcome: 'success',
          exitCode: 0,
          signal: null,
          reason: null,
          output: null,
          outputBytes: 5e9,
        },
      ]);
      expect(Buffer.from(runs[0]?.output ?? []).equals(output)).toBe(true);
      for (const run of runs) expect(run.finishedAtMs).toBeGreaterThanOrEqual(run.startedAtMs);
    });

    test('a run that was claimed ahead began when its process did, and never before its claim', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      const claimedAt = job.startedAtMs;
      await waitUntil(() => Date.now() > claimedAt + 20, { what: 'some time since the claim' });
      const report = { ...ended(job, { ...TO.failed, delayMs: 0 }), startedMsAgo: 5 };
      await store.exchange(session, { running: [], finished: [report], free: 0 });
      const second = await claimOne(store, session);
      const early = { ...ended(second, TO.completed), startedMsAgo: 3_600_000 };
      await store.exchange(session, { running: [], finished: [early], free: 0 });
      const [first, last] = await store.listRuns(job.seq);
      expect(first?.startedAtMs).toBe((first?.finishedAtMs ?? 0) - 5);
      expect(last?.startedAtMs).toBe(second.startedAtMs);
      expect(await store.getJob(job.id)).toMatchObject({ startedAtMs: second.startedAtMs });
    });

    test('the latest runs are those of the jobs that have one', async () => {
      const { store } = await forThisTest(open);
      const { session, job } = await startJob(store);
      await finish(store, session, job, TO.pending);
      await finish(store, session, await claimOne(store, session), TO.dead);
      const untouched = await insert(store);
      const latest = await store.latestRuns([untouched.seq, job.seq, 999]);
      expect([...latest].map(([seq, { run, outcome }]) => [seq, run, outcome])).toEqual([
        [job.seq, 2, 'failure'],
      ]);
      expect(await store.latestRuns([])).toEqual(new Map());
      expect(await store.listRuns(untouched.seq)).toEqual([]);
    });
  });
}
