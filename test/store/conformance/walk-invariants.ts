/** What is true of a store at every moment. */
import { expect } from 'vitest';
import type { ProcessingJob } from '../../../src/job/job.js';
import type { Session } from '../../../src/store/store.js';
import type { StoreUnderTest } from './store-under-test.js';

export interface WalkedSession {
  readonly session: Session;
  /** What the session believes that it runs. */
  running: readonly ProcessingJob[];
}

export interface Walk extends StoreUnderTest {
  readonly sessions: WalkedSession[];
  /** The latest run of each job that was claimed, as the claims said. */
  readonly runs: Map<number, number>;
}

export async function checkInvariants(walk: Walk): Promise<void> {
  expect(await walk.counters(), 'the counters').toEqual(await walk.countJobs());
  const open = new Set(walk.sessions.map(({ session }) => session.id));
  for (const job of await walk.store.listJobs({ limit: 1000 })) {
    const what = `job ${job.seq} (${job.state})`;
    expect(job.run, `run of ${what}`).toBe(walk.runs.get(job.seq) ?? 0);
    expect(job.attempts, `attempts of ${what}`).toBeLessThanOrEqual(Math.max(1, job.maxRetries));
    const { session_id: sessionId, cancel } = await walk.storedJob(job.seq);
    if (job.state === 'processing') expect(open, `owner of ${what}`).toContain(sessionId);
    else expect([sessionId, cancel], `owner and pending cancel of ${what}`).toEqual([null, null]);
    const runs = await walk.store.listRuns(job.seq);
    const endedRuns = job.state === 'processing' ? job.run - 1 : job.run;
    expect(
      runs.map((run) => run.run),
      `runs of ${what}`,
    ).toEqual(Array.from({ length: endedRuns }, (_, n) => n + 1));
  }
}
