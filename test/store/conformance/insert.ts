import { describe, expect, test } from 'vitest';
import { HOUR_MS, insert, jobOf, newJob } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { forThisTest } from './workers.js';
import { changeJob } from './one-job.js';

export function exerciseInsert(open: OpenStoreUnderTest): void {
  describe('insertJobs', () => {
    test('a job without an id is shown by its number; numbers grow and results keep the order of the jobs', async () => {
      const { store } = await forThisTest(open);
      const results = await store.insertJobs(
        [newJob({ id: null }), newJob({ id: 'b' }), newJob({ id: null })],
        'error',
      );
      expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
        ['1', 'inserted'],
        ['b', 'inserted'],
        ['3', 'inserted'],
      ]);
      expect(await store.getJob('2')).toBeNull();
      expect((await jobOf(store, 'b')).seq).toBe(2);
    });

    test('an inserted job comes back as it was given', async () => {
      const { store } = await forThisTest(open);
      const given = newJob({
        id: 'whole',
        command: ['printf', '%s', "it's\n\u{1f980} \u2028", ''],
        queue: 'q-1',
        priority: -7,
        tags: ['nightly', 'a.b'],
        label: 'a \u{1f980} label',
        maxRetries: 9,
        backoff: { base: 1.5, maxMs: 60_000, jitter: 0.25 },
        timeoutMs: 1500,
        graceMs: 0,
        cwd: '/tmp/a b',
        env: { A: '', 'B.c': 'x=y\n', __proto__x: 'z' },
        stdin: 'in\u{1f980}\n',
        stdinFile: '/tmp/in',
        stragglers: 'leave',
        user: 'nobody',
        nice: -3,
        umask: '000',
        memoryLimitBytes: 2 ** 50,
        cpuLimitMs: 1000,
        openFilesLimit: 4,
        processLimit: 1,
      });
      await insert(store, given);
      const { start: _start, hold: _hold, ...expected } = given;
      expect(await jobOf(store, 'whole')).toMatchObject(expected);
    });

    test('a job starts in the state that its time says, with nothing counted', async () => {
      const { store } = await forThisTest(open);
      const before = Date.now();
      const now = await insert(store, { start: { delayMs: 0 } });
      const later = await insert(store, { start: { delayMs: HOUR_MS } });
      const past = await insert(store, { start: { atMs: before - HOUR_MS } });
      const future = await insert(store, { start: { atMs: before + HOUR_MS } });
      const jobs = await Promise.all([now, later, past, future].map(({ id }) => jobOf(store, id)));
      expect(jobs.map((job) => job.state)).toEqual(['pending', 'scheduled', 'pending', 'scheduled']);
      expect(jobs[1]?.runAtMs).toBeGreaterThanOrEqual(before + HOUR_MS);
      expect(jobs[3]?.runAtMs).toBe(before + HOUR_MS);
      for (const job of jobs) expect(job).toMatchObject({ attempts: 0, crashes: 0, run: 0 });
    });

    test('one stored id refuses the whole batch and leaves no trace of it', async () => {
      const { store, countJobs } = await forThisTest(open);
      await insert(store, { id: 'taken' });
      const batch = [newJob({ id: 'new' }), newJob({ id: null }), newJob({ id: 'taken' })];
      await expect(store.insertJobs(batch, 'error')).rejects.toMatchObject({
        name: 'QueueError',
        code: 'conflict',
        message: expect.stringContaining('"taken"') as string,
      });
      expect(await store.getJob('new')).toBeNull();
      expect(await countJobs()).toEqual([{ queue: 'default', state: 'pending', n: 1 }]);
    });

    test('an id twice in one batch is a conflict, too', async () => {
      const { store } = await forThisTest(open);
      const batch = [newJob({ id: 'twin' }), newJob({ id: 'twin' })];
      await expect(store.insertJobs(batch, 'error')).rejects.toMatchObject({ code: 'conflict' });
      expect(await store.getJob('twin')).toBeNull();
    });

    test("'ignore' inserts the new ones and leaves stored ones as they are", async () => {
      const { store, storedJob } = await forThisTest(open);
      const { seq } = await insert(store, { id: 'taken', command: 'first' });
      const before = await storedJob(seq);
      const batch = ['taken', 'new', 'new'].map((id) => newJob({ id, command: 'second' }));
      const results = await store.insertJobs(batch, 'ignore');
      expect(results).toMatchObject([
        { outcome: 'exists', id: 'taken' },
        { outcome: 'inserted', id: 'new', state: 'pending' },
        { outcome: 'exists', id: 'new' },
      ]);
      expect(await storedJob(seq)).toEqual(before);
      expect(await store.counts()).toMatchObject({ pending: 2 });
    });

    test('thousands of jobs, whatever they have in common, come back as they were given, numbered in their order', async () => {
      const { store, counters, countJobs } = await forThisTest(open);
      const alike = Array.from({ length: 1500 }, () => newJob());
      const unlike = Array.from({ length: 1500 }, (_, n) =>
        newJob({
          id: n % 2 === 0 ? `own-${n}` : null,
          queue: `q${n % 5}`,
          priority: (n % 7) - 3,
          command: n % 3 === 0 ? ['echo', `${n}`] : `echo "${n}"\t\u2028\u{1f980}`,
          maxRetries: n,
          backoff: { base: 1 + n / 100, maxMs: null, jitter: 0 },
          timeoutMs: n + 1,
          tags: n % 4 === 0 ? [`t${n}`] : [],
          label: n % 6 === 0 ? `label ${n}` : null,
          start: n % 11 === 0 ? { delayMs: HOUR_MS } : { delayMs: 0 },
        }),
      );
      const large = [1, 2, 3].map((n) => newJob({ stdin: `${n}`.repeat(1024 * 1024) }));
      const given = [...alike, ...unlike, ...large];
      const results = await store.insertJobs(given, 'error');
      const seqs = results.map((result) => (result.outcome === 'inserted' ? result.seq : 0));
      expect(seqs).toEqual(given.map((_, index) => index + 1));
      for (const index of [0, 999, 1000, 1499, 1500, 1501, 1511, 2345, 2999, 3000, 3002]) {
        const { start: _start, hold: _hold, id: _id, ...expected } = given[index] ?? newJob();
        expect(await jobOf(store, results[index]?.id ?? '')).toMatchObject({ ...expected, seq: index + 1 });
      }
      expect(await counters()).toEqual(await countJobs());
    });

    test('a job that is to be held waits for its release, whatever its time', async () => {
      const { store, counters, countJobs } = await forThisTest(open);
      await insert(store, { id: 'now', hold: true });
      await insert(store, { id: 'later', hold: true, start: { delayMs: HOUR_MS } });
      expect((await jobOf(store, 'now')).state).toBe('held');
      expect((await jobOf(store, 'later')).state).toBe('held');
      const release = async (id: string): Promise<unknown> => changeJob(store, id, { kind: 'release' });
      expect(await release('now')).toMatchObject({ state: 'pending' });
      expect(await release('later')).toMatchObject({ state: 'scheduled' });
      expect(await counters()).toEqual(await countJobs());
    });

    test('no jobs are no work', async () => {
      const { store, countJobs } = await forThisTest(open);
      expect(await store.insertJobs([], 'error')).toEqual([]);
      expect(await countJobs()).toEqual([]);
    });

    test('what one connection was promised another one sees', async () => {
      const { store, connect } = await forThisTest(open);
      const other = await connect();
      const { id } = await insert(store);
      expect(await other.getJob(id)).toEqual(await store.getJob(id));
    });
  });
}
