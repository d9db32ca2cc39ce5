import { describe, expect, test } from 'vitest';
import { cursorOf, parseCursor } from '../../../src/job/cursor.js';
import type { Job } from '../../../src/job/job.js';
import { STATES } from '../../../src/job/state.js';
import type { State } from '../../../src/job/state.js';
import type { ListRequest } from '../../../src/job/selection.js';
import type { Store } from '../../../src/store/store.js';
import { ended, HOUR_MS, insert, newJob, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';
import { claim, forThisTest, openSession } from './workers.js';
import { retryJob } from './one-job.js';

const EACH = 7;
const ALL = { limit: 1000 };
const FINISHED = ['failed', 'completed', 'dead', 'cancelled'] as const;

/** Jobs in every state, of two queues and several priorities; most of a state share one time. */
async function fill({ store, force }: StoreUnderTest): Promise<void> {
  const session = await openSession(store);
  const make = async (start = { delayMs: 0 }): Promise<number[]> => {
    const jobs = Array.from({ length: EACH }, (_, n) =>
      newJob({ queue: ['a', 'b'][n % 2] ?? 'a', priority: n % 3, start }),
    );
    return (await store.insertJobs(jobs, 'error')).flatMap((job) => ('seq' in job ? [job.seq] : []));
  };
  for (const state of FINISHED) {
    await make();
    const finished = (await claim(store, session, EACH)).map((job) => ended(job, TO[state]));
    await store.exchange(session, { running: [], finished, free: 0 });
  }
  await make();
  await claim(store, session, EACH);
  for (const seq of await make({ delayMs: HOUR_MS })) await force(seq, 'held');
  for (const seq of await make({ delayMs: HOUR_MS })) await force(seq, 'blocked');
  await make({ delayMs: HOUR_MS });
  await make();
}

/** Every page to the end. */
async function pages(store: Store, filter: ListRequest): Promise<Job[][]> {
  const found: Job[][] = [];
  for (;;) {
    const last = found.at(-1)?.at(-1);
    const after = last === undefined ? undefined : parseCursor(cursorOf(last));
    const page = await store.listJobs({ ...filter, after });
    if (page.length === 0) return found;
    found.push(page);
  }
}

export function exerciseLists(open: OpenStoreUnderTest): void {
  describe('pages of a list', () => {
    test('hold each job once, in the order of the whole, whatever the state, the queue and their size', async () => {
      const tested = await forThisTest(open);
      await fill(tested);
      const { store } = tested;
      const chosen: (readonly State[] | undefined)[] = [
        undefined,
        ['dead', 'pending'],
        ...STATES.map((s) => [s]),
      ];
      for (const states of chosen)
        for (const queue of [undefined, 'a', 'b', 'none']) {
          const whole = (await store.listJobs({ states, queue, ...ALL })).map((job) => job.seq);
          const count = (states ?? STATES).length * EACH;
          if (queue === undefined) expect(whole.length, String(states)).toBe(count);
          for (const limit of [1, 3, 1000]) {
            const paged = (await pages(store, { states, queue, limit })).flat().map((job) => job.seq);
            expect(paged, `${String(states)} of ${queue}, ${limit} a page`).toEqual(whole);
          }
        }
    });

    test('go on where the one before ended, when its jobs have moved on and others have come', async () => {
      const tested = await forThisTest(open);
      await fill(tested);
      const { store } = tested;
      const filter = { states: ['completed'], limit: 3 } as const;
      const whole = (await store.listJobs({ ...filter, ...ALL })).map((job) => job.seq);
      const first = await store.listJobs(filter);
      const last = first.at(-1);
      if (last === undefined) throw new Error('nothing is completed');
      for (const job of first) await retryJob(store, job.id, ['completed']);
      const session = await openSession(store);
      const claims = await claim(store, session, 3);
      await store.exchange(session, {
        running: [],
        finished: claims.map((job) => ended(job, TO.completed)),
        free: 0,
      });
      const next = await store.listJobs({ ...filter, after: parseCursor(cursorOf(last)) });
      expect(next.map((job) => job.seq)).toEqual(whole.slice(3, 6));
    });

    test('a page behind the last job is empty', async () => {
      const { store } = await forThisTest(open);
      const { id } = await insert(store);
      const job = await store.getJob(id);
      if (job === null) throw new Error('the job is gone');
      expect(await store.listJobs({ ...ALL, after: parseCursor(cursorOf(job)) })).toEqual([]);
    });
  });
}
