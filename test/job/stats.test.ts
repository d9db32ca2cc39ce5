/** Quantiles within their bound, and what counts as what. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from '../../src/job/histogram.js';
import { GroupedStats, JobStats, OTHERS } from '../../src/job/stats.js';
import type { EndedJob, EndedRun } from '../../src/job/stats.js';

const LONGEST_MS = 1000 * 365 * 24 * 3_600_000;

test('a quantile is at most 0.8 % off, the largest is exact, and small values are, too', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: LONGEST_MS }));
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, part) => {
        const histogram = new Histogram();
        for (const each of all) histogram.add(each);
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(part * all.length)) - 1] ?? 0;
        const found = histogram.quantile(part) ?? -1;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact < 128 ? 0 : exact * 0.008);
        expect(histogram.max()).toBe(sorted.at(-1));
      },
    ),
  );
});

test('of nothing there is no quantile and no largest', () => {
  expect([new Histogram().quantile(0.5), new Histogram().max()]).toEqual([null, null]);
});

function run(outcome: EndedRun['outcome'], ranMs = 10): EndedRun {
  return { outcome, ranMs, cpuMs: 5, maxRssKb: 100, outputBytes: 1 };
}

function job(changes: Partial<EndedJob>): EndedJob {
  return {
    seq: 1,
    queue: 'a',
    work: 'true',
    state: 'completed',
    finishedAtMs: 1,
    waitedMs: 3,
    runs: [],
    ...changes,
  };
}

test('retries are the runs after a failure, and what was given back or lost says nothing of how long a job runs', () => {
  const stats = new JobStats();
  stats.add(job({ runs: [run('failure'), run('timeout'), run('success', 20)] }));
  stats.add(job({ state: 'dead', runs: [run('lost', 9000), run('given_back', 9000), run('failure')] }));
  stats.add(job({ state: 'cancelled', waitedMs: null }));
  expect(stats.figures()).toEqual({
    jobs: 3,
    completed: 1,
    dead: 1,
    cancelled: 1,
    successRate: 0.5,
    runs: 6,
    failedRuns: 3,
    retries: 2,
    runP50Ms: 10,
    runP95Ms: 20,
    runMaxMs: 20,
    waitP50Ms: 3,
    waitP95Ms: 3,
    cpuMs: 30,
    maxRssKb: 100,
    outputBytes: 6,
  });
});

test('of no job nothing is made up', () => {
  expect(new JobStats().figures()).toMatchObject({
    jobs: 0,
    successRate: null,
    runP50Ms: null,
    maxRssKb: null,
  });
});

test('however many names there are, only so many groups are kept, and no job is left out', () => {
  const groups = new GroupedStats(3);
  for (let n = 0; n < 100; n += 1) groups.add(`name ${n % 10}`, job({}));
  const found = groups.figures();
  expect(found.map(({ name }) => name)).toEqual([OTHERS, 'name 0', 'name 1', 'name 2']);
  expect(found.map(({ figures }) => figures.jobs)).toEqual([70, 10, 10, 10]);
});
