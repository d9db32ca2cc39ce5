import { describe, expect, test } from 'vitest';
import { waitUntil } from '../../support/processes.js';
import { startProgram } from '../../support/programs.js';
import { insert, TO } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { finish, forThisTest, openSession, startJob } from './workers.js';
import { cancelJob, retryJob } from './one-job.js';

const CANCEL = { signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' };

/**
 * Far below the interval at which a worker looks by itself; for the median of several rings, since a machine may stand still
 * during one. Nothing but a ring calls back here, so that one that is lost is waited for in vain.
 */
const SOON_MS = 200;

export function exerciseBell(open: OpenStoreUnderTest): void {
  describe('bell', () => {
    test('a ring wakes another process, and so do an insert and an end', async () => {
      const { store, location, env = {} } = await forThisTest(open);
      const program = await startProgram('bell', { home: location }, { env });
      expect(await program.next()).toEqual({ watching: true });
      const rings: unknown[] = [];
      const waitsMs: number[] = [];
      void (async () => {
        for (;;) rings.push(await program.next());
      })().catch(() => undefined);
      const wakes = async (what: string, act: () => Promise<unknown>): Promise<void> => {
        // One write may be told twice: wait until the last one has been told.
        await quiet(rings);
        const before = rings.length;
        await act();
        const askedAt = performance.now();
        await waitUntil(() => rings.length > before, { what });
        waitsMs.push(performance.now() - askedAt);
      };
      await wakes('the ring', async () => store.bell.ring());
      await wakes('the insert', () => insert(store));
      const { session, job } = await startJob(store, { queue: 'b' });
      await wakes('the end', () => finish(store, session, job, TO.completed));
      await wakes('the stop', () => store.requestStop('gracefully'));
      await wakes('the retry', () => retryJob(store, job.id, ['completed']));
      await wakes('the cancel', () => cancelJob(store, job.id, CANCEL));
      expect(waitsMs.toSorted((a, b) => a - b)[3]).toBeLessThan(SOON_MS);
      await program.finish();
    });

    test('a ring wakes its own process; after the abort nothing does', async () => {
      const { store, connect } = await forThisTest(open);
      const heard = { first: 0, second: 0 };
      const [one, two] = [new AbortController(), new AbortController()];
      store.bell.onRing(() => (heard.first += 1), one.signal);
      store.bell.onRing(() => (heard.second += 1), two.signal);
      (await connect()).bell.ring();
      await waitUntil(() => heard.first > 0 && heard.second > 0, { what: 'both to be woken' });
      one.abort();
      const before = { ...heard };
      store.bell.ring();
      await waitUntil(() => heard.second > before.second, { what: 'the other to be woken' });
      expect(heard.first).toBe(before.first);
      two.abort();
    });

    test('a signal that is aborted already watches nothing', async () => {
      const { store } = await forThisTest(open);
      let heard = 0;
      store.bell.onRing(() => (heard += 1), AbortSignal.abort());
      const witness = new AbortController();
      let seen = 0;
      store.bell.onRing(() => (seen += 1), witness.signal);
      store.bell.ring();
      await waitUntil(() => seen > 0, { what: 'the witness to be woken' });
      witness.abort();
      expect(heard).toBe(0);
    });

    test('a claim alone wakes nobody', async () => {
      const { store } = await forThisTest(open);
      await insert(store);
      const session = await openSession(store);
      const over = new AbortController();
      const heard: string[] = [];
      store.bell.onRing(() => heard.push('ring'), over.signal);
      store.bell.ring();
      await waitUntil(() => heard.length > 0, { what: 'the bell to be watched' });
      await quiet(heard);
      const before = heard.length;
      await store.exchange(session, { running: [], finished: [], free: 1 });
      await quiet(heard);
      expect(heard.length).toBe(before);
      over.abort();
    });
  });
}

/** Waits until nothing has been added for 50 ms. */
async function quiet(rings: readonly unknown[]): Promise<void> {
  let seen = rings.length;
  let since = performance.now();
  await waitUntil(
    () => {
      if (rings.length !== seen) [seen, since] = [rings.length, performance.now()];
      return performance.now() - since >= 50;
    },
    { what: 'the bell to fall silent' },
  );
}
