import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVERY_JOB } from '../../../src/job/filter/filter.js';
import type { Filter, Range } from '../../../src/job/filter/filter.js';
import type { Job, Run } from '../../../src/job/job.js';
import { STATES } from '../../../src/job/state.js';
import type { State } from '../../../src/job/state.js';
import type { Store } from '../../../src/store/store.js';
import { filters } from '../../support/filters.js';
import { ended, HOUR_MS, newJob, TO } from '../../support/stores.js';
import { changeJob } from './one-job.js';
import type { OpenStoreUnderTest, StoredJob, StoreUnderTest } from './store-under-test.js';
import { claim, forThisTest, openSession } from './workers.js';

const EACH = 22;
const TEXTS = ['a', 'B', 'a_b', '100%', 'x\\y', `it's`, 'é', '_', '%', '\\', 'cut', 'EXIT', '/bin'];
const IDS = ['build-1', 'build-7', 'nobody', 'build-150'];

/** What there is of one job, for the filters to be held against. */
interface Known {
  readonly job: Job;
  readonly row: StoredJob;
  readonly last: Run | undefined;
}

/** Jobs of every state and kind, those of each state spread over the others' values. */
async function fill({ store, force }: StoreUnderTest): Promise<void> {
  const session = await openSession(store, { handlers: ['', 'a'] });
  let n = 0;
  const make = async (start = { delayMs: 0 }): Promise<number[]> => {
    const jobs = Array.from({ length: EACH }, () => {
      n += 1;
      const pick = <T>(of: readonly T[], step: number): T => of[(n * step) % of.length] as T;
      return newJob({
        id: n % 3 === 0 ? `build-${n}` : null,
        queue: pick(['a', 'B', 'c'], 1),
        priority: pick([-1, 0, 0, 2], 1),
        tags: pick([[], ['a'], ['a', 'B'], ['cut']], 1),
        label: pick([null, ...TEXTS], 1),
        maxRetries: pick([0, 1, 3], 1),
        start,
        ...(n % 5 === 0
          ? { command: null, handler: 'a', payload: n }
          : { command: pick([...TEXTS, ['cut', 'a b'], 'echo A_B'], 3) }),
      });
    });
    return (await store.insertJobs(jobs, 'error')).flatMap((job) => ('seq' in job ? [job.seq] : []));
  };
  for (const state of ['failed', 'completed', 'dead', 'cancelled', 'pending'] as const) {
    await make();
    const claims = await claim(store, session, EACH);
    const finished = claims.map((job, index) =>
      ended(job, TO[state], {
        startedMsAgo: index % 4,
        ...(index % 5 === 4 && { exitCode: null, signal: 'SIGKILL' }),
      }),
    );
    await store.exchange(session, { running: [], finished, free: 0 });
    // Some go on: they wait again with the end of a run behind them, or are cancelled while they wait.
    for (const job of claims.slice(0, 4)) {
      if (state === 'failed') await changeJob(store, job.id, { kind: 'hold' });
      else if (state === 'dead')
        await changeJob(store, job.id, { kind: 'retry', from: ['dead'], delayMs: HOUR_MS });
      else if (state === 'pending')
        await changeJob(store, job.id, {
          kind: 'cancel',
          cancel: { signal: 'SIGTERM', graceMs: null, reason: 'cut by a person' },
        });
    }
  }
  await claim(store, session, EACH);
  for (const seq of await make({ delayMs: HOUR_MS })) await force(seq, 'blocked');
  const seqs = await make();
  await store.changeJobs({ seqs, selection: { filter: EVERY_JOB, states: STATES } }, { kind: 'hold' });
  await make({ delayMs: HOUR_MS });
  await make();
}

async function everything({ store, storedJob }: StoreUnderTest): Promise<Known[]> {
  const jobs = await store.listJobs({ limit: 1000 });
  const runs = await store.latestRuns(jobs.map(({ seq }) => seq));
  const known = [];
  for (const job of jobs) known.push({ job, row: await storedJob(job.seq), last: runs.get(job.seq) });
  return known.toSorted((a, b) => a.job.seq - b.job.seq);
}

/** What the filter says of a job, by the plainest words there are for it. */
function meets(filter: Filter, known: Known, lastSeq: number, now: number): boolean {
  const { job, row, last } = known;
  const ofThisRun = last?.run === job.run ? last : undefined;
  switch (filter.kind) {
    case 'every':
      return filter.of.every((part) => meets(part, known, lastSeq, now));
    case 'some':
      return filter.of.some((part) => meets(part, known, lastSeq, now));
    case 'not':
      return !meets(filter.of, known, lastSeq, now);
    case 'jobs':
      return (
        filter.ids.includes(job.id) ||
        (filter.last && job.seq === lastSeq) ||
        (job.id === String(job.seq) && inRanges(filter.ranges, job.seq))
      );
    case 'state':
      return filter.states.includes(job.state);
    case 'text':
    case 'contains': {
      const found: Readonly<Record<string, readonly unknown[]>> = {
        queue: [job.queue],
        tag: job.tags,
        command: [row['command']],
        label: [job.label],
        handler: [job.handler],
        signal: [row['signal']],
        reason: [row['reason']],
        outcome: [ofThisRun?.outcome],
      };
      const texts = (found[filter.field] ?? []).filter((text) => typeof text === 'string');
      if (filter.kind === 'text') return texts.some((text) => filter.values.includes(text));
      return texts.some((text) => lower(text).includes(lower(filter.text)));
    }
    case 'number': {
      const found: Readonly<Record<string, unknown>> = {
        exit: row['exit_code'],
        priority: job.priority,
        attempts: job.attempts,
        crashes: job.crashes,
        run: job.run,
        max_retries: job.maxRetries,
        took: ofThisRun === undefined ? null : ofThisRun.finishedAtMs - ofThisRun.startedAtMs,
      };
      const value = found[filter.field];
      return typeof value === 'number' && inRanges(filter.ranges, value);
    }
    case 'time': {
      const found = {
        created: job.createdAtMs,
        updated: job.updatedAtMs,
        started: row['started_at'],
        ended: row['finished_at'],
        due: job.runAtMs,
      }[filter.field];
      const at = 'atMs' in filter.at ? filter.at.atMs : now + filter.at.fromNowMs;
      if (typeof found !== 'number') return false;
      return filter.side === 'after' ? found >= at : found < at;
    }
  }
}

function inRanges(ranges: readonly Range[], value: number): boolean {
  return ranges.some(({ from, to }) => (from === null || value >= from) && (to === null || value <= to));
}

/** A to Z alone, as the filter promises. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function exerciseFilters(open: OpenStoreUnderTest): void {
  describe('a filter', () => {
    test('means the same jobs in a list, in a count and for a change as its words say', async () => {
      const tested = await forThisTest(open);
      await fill(tested);
      const { store } = tested;
      const known = await everything(tested);
      expect(new Set(known.map(({ job }) => job.state))).toEqual(new Set(STATES));
      const lastSeq = known.at(-1)?.job.seq ?? 0;
      const atMs = known
        .filter((_, index) => index % 20 === 0)
        .flatMap(({ job }) => [job.updatedAtMs, job.runAtMs + 1]);
      const states = fc.oneof(
        fc.constant(STATES),
        fc.uniqueArray(fc.constantFrom<State>(...STATES), { maxLength: 4 }),
      );
      const property = fc.asyncProperty(
        filters({ texts: TEXTS, ids: IDS, atMs }),
        states,
        async (filter, among) => {
          const seqs = known
            .filter((one) => among.includes(one.job.state) && meets(filter, one, lastSeq, Date.now()))
            .map(({ job }) => job.seq);
          const listed = await store.listJobs({ filter, states: among, limit: 1000 });
          expect(listed.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(seqs);
          const sorted = await store.listJobs({
            filter,
            states: among,
            limit: 1000,
            sort: { by: 'seq', descending: true },
          });
          expect(sorted.map(({ seq }) => seq)).toEqual(seqs.toReversed());
          expect(await store.countJobs({ filter, states: among })).toBe(seqs.length);
          expect(await selected(store, filter, among)).toEqual(seqs);
        },
      );
      // A failure prints its seed and path: give them here to see it again.
      await fc.assert(property, { numRuns: 200 });
    });
  });
}

/** In steps, as a change of many takes them. */
async function selected(store: Store, filter: Filter, states: readonly State[]): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const seqs = await store.selectSeqs({ filter, states }, all.at(-1) ?? 0, 50);
    if (seqs.length === 0) return all;
    all.push(...seqs);
  }
}
