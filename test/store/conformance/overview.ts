import { describe, expect, test } from 'vitest';
import { waitUntil } from '../../support/processes.js';
import { FINAL_STATES } from '../../../src/job/state.js';
import { ended, HOUR_MS, insert, newJob, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { makeJob } from './job-in-state.js';
import { claim, finish, forThisTest, openSession, startJob } from './workers.js';
import { cancelJob } from './one-job.js';

export function exerciseOverview(open: OpenStoreUnderTest): void {
  describe('the ready lanes', () => {
    test('are the queues and handlers with ready jobs, each with the time of its oldest', async () => {
      const { store } = await forThisTest(open);
      expect(await store.readyLanes()).toEqual([]);
      const longAgo = Date.now() - HOUR_MS;
      await insert(store, { queue: 'b', priority: 5 });
      await insert(store, { queue: 'b', priority: -5, start: { atMs: longAgo } });
      await insert(store, { queue: 'b', priority: 0 });
      await insert(store, { queue: 'a' });
      await insert(store, { queue: 'a', command: null, handler: 'resize' });
      await insert(store, { queue: 'later', start: { delayMs: HOUR_MS } });
      const { session, job } = await startJob(store, { queue: 'busy' });
      const lanes = await store.readyLanes();
      expect(lanes.map(({ queue, handler }) => `${queue}/${handler}`)).toEqual(['a/', 'a/resize', 'b/']);
      expect(lanes[2]?.oldestAtMs).toBe(longAgo);
      expect(lanes[0]?.oldestAtMs).toBeGreaterThan(longAgo);
      await finish(store, session, job, TO.pending);
      expect((await store.readyLanes()).map(({ queue }) => queue)).toContain('busy');
    });

    test('are told of paused queues, too', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'a' });
      await store.pauseQueues(null);
      expect(await store.readyLanes()).toMatchObject([{ queue: 'a', handler: '' }]);
    });
  });

  describe('the jobs ahead of one', () => {
    test('are those of its queue and handler that a claim takes before it, counted up to a bound', async () => {
      const { store } = await forThisTest(open);
      const now = Date.now();
      const start = { atMs: now - HOUR_MS };
      await insert(store, { queue: 'other', priority: 9 });
      await insert(store, { priority: 9, command: null, handler: 'resize' });
      for (const priority of [0, 5, 0, -1, 5, 0]) await insert(store, { priority, start });
      await insert(store, { priority: 0, start: { atMs: now - 2 * HOUR_MS } });
      await insert(store, { priority: 9, start: { delayMs: HOUR_MS } });
      const jobs = (await store.listJobs({ states: ['pending'], queue: 'default', limit: 100 })).filter(
        ({ handler }) => handler === null,
      );
      const counts = await Promise.all(jobs.map((job) => store.countAhead(job, 100)));
      expect(counts).toEqual([0, 1, 2, 3, 4, 5, 6]);
      const last = jobs.at(-1);
      if (last === undefined) throw new Error('nothing is pending');
      expect(await store.countAhead(last, 4)).toBe(4);
    });
  });

  describe('the jobs that have ended', () => {
    test('come with all their runs, each state by itself', async () => {
      const tested = await forThisTest(open);
      const { store } = tested;
      for (const state of FINAL_STATES) {
        const { seq, run } = await makeJob(tested, state);
        const [job, ...more] = await store.listEnded(state, 0, null, 10);
        expect(more).toEqual([]);
        expect(job).toMatchObject({ seq, state, work: 'true', runs: [{}] });
        expect(job?.runs).toHaveLength(run);
      }
      const { session, job } = await startJob(store, { queue: 'twice' });
      await finish(store, session, job, { ...TO.failed, delayMs: 0 });
      const [again] = await claim(store, session);
      if (again === undefined) throw new Error('nothing was claimed');
      const usage = { userMs: 30, systemMs: 12, maxRssKb: 4096 };
      const end = ended(again, TO.completed, { usage, outputBytes: 7 });
      await store.exchange(session, { running: [], finished: [end], free: 0 });
      const [latest] = await store.listEnded('completed', 0, null, 1);
      expect(latest).toMatchObject({
        queue: 'twice',
        runs: [
          { outcome: 'failure', cpuMs: null },
          { outcome: 'success', cpuMs: 42, maxRssKb: 4096, outputBytes: 7 },
        ],
      });
      expect(latest?.waitedMs).toBeGreaterThanOrEqual(0);
    });

    test('come once each, page by page, the newest first, and only those since the time', async () => {
      const { store } = await forThisTest(open);
      const session = await openSession(store);
      await store.insertJobs(
        Array.from({ length: 7 }, () => newJob()),
        'error',
      );
      const claims = await claim(store, session, 7);
      // Some together, at one time, and some later.
      for (const part of [claims.slice(0, 4), claims.slice(4)])
        await store.exchange(session, {
          running: claims.slice(4),
          finished: part.map((job) => ended(job, TO.completed)),
          free: 0,
        });
      const whole = await store.listEnded('completed', 0, null, 100);
      expect(whole.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(claims.map(({ seq }) => seq));
      for (const limit of [1, 2, 3, 7]) {
        const paged = [];
        for (;;) {
          const page = await store.listEnded('completed', 0, paged.at(-1) ?? null, limit);
          if (page.length === 0) break;
          paged.push(...page);
        }
        expect(paged).toEqual(whole);
      }
      const newest = whole[0]?.finishedAtMs ?? 0;
      expect(await store.listEnded('completed', newest + 1, null, 100)).toEqual([]);
      expect((await store.listEnded('completed', newest, null, 100)).length).toBeGreaterThan(0);
    });

    test('a job that was cancelled before it ran has neither runs nor a wait', async () => {
      const { store } = await forThisTest(open);
      const { id } = await insert(store);
      await cancelJob(store, id, { signal: 'SIGTERM', graceMs: null, reason: 'cancelled' });
      expect(await store.listEnded('cancelled', 0, null, 9)).toMatchObject([{ waitedMs: null, runs: [] }]);
    });
  });

  describe('the change mark', () => {
    test('is another one after each commit of another connection, and the same while nobody writes', async () => {
      const { store, connect } = await forThisTest(open);
      const other = await connect();
      const changes: (() => Promise<unknown>)[] = [
        () => insert(other),
        () => other.pauseQueues(['a']),
        () => other.resumeQueues(null),
        () => openSession(other),
      ];
      for (const change of changes) {
        // What rings the bell may still be under way.
        await waitUntil(async () => (await store.changeMark()) === (await store.changeMark()), {
          what: 'nobody to write',
        });
        const before = await store.changeMark();
        await change();
        expect(await store.changeMark()).not.toBe(before);
      }
    });
  });
}
