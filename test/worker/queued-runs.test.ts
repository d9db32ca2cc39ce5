/** A worker of short jobs hands what it claimed ahead to its launcher, which starts it when there is a place. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nativeLauncherPath } from '../../src/launcher/native-path.js';
import type { Job } from '../../src/job/job.js';
import { whyNot } from '../native/build.js';
import { launcherPid, waitUntil } from '../support/processes.js';
import { openTestQueue, startWorker } from '../support/workers.js';
import type { RunningWorker, TestQueue } from '../support/workers.js';

const program = nativeLauncherPath();
const SLOTS = 4;
const SHORT = 32;
const BEHIND = 8;

interface Filled extends TestQueue, RunningWorker {
  /** As many as there are slots: each runs until `release`. */
  readonly holders: readonly string[];
  /** Behind them; each says in a file of its name that it ran. */
  readonly behind: readonly string[];
  readonly release: () => void;
  readonly job: (id: string) => Promise<Job>;
}

/** Short jobs, so that the worker claims ahead, then those that hold every slot, then some that wait behind them. */
async function fill(): Promise<Filled> {
  const test = await openTestQueue();
  const { queue, path } = test;
  await queue.enqueueMany(Array.from({ length: SHORT }, () => ({ command: 'true' })));
  const hold = `until test -e ${path('go')}; do sleep 0.01; done`;
  const holders = await queue.enqueueMany(Array.from({ length: SLOTS }, () => ({ command: hold })));
  const behind = await queue.enqueueMany(
    Array.from({ length: BEHIND }, (_, n) => ({ command: `echo ran >> ${path(`behind-${n}`)}` })),
  );
  const worker = startWorker(queue, { slots: SLOTS, untilEmpty: true });
  const filled = {
    ...test,
    ...worker,
    holders: holders.map(({ id }) => id),
    behind: behind.map(({ id }) => id),
    release: () => writeFileSync(path('go'), ''),
    job: (id: string) => queue.get(id),
  };
  await waitUntil(
    () => filled.holders.every((id) => worker.events.some((e) => e.event === 'job.claimed' && e.id === id)),
    { what: 'every slot to be held' },
  );
  return filled;
}

async function outcomesOf({ queue, job }: Filled, id: string): Promise<string[]> {
  return (await queue.runs(await job(id))).map(({ outcome }) => outcome);
}

describe.skipIf(program === null)(`with the native launcher${whyNot(program)}`, () => {
  test('what waits too long goes back, counts nothing and runs once in the end', async () => {
    const filled = await fill();
    await waitUntil(
      async () => {
        const { processing, pending } = await filled.queue.counts();
        return processing === SLOTS && pending === BEHIND;
      },
      { what: 'what waits to be given back' },
    );
    const releasedAt = Date.now();
    filled.release();
    await filled.ended;
    for (const [n, id] of filled.behind.entries()) {
      const job = await filled.job(id);
      expect(job).toMatchObject({ state: 'completed', attempts: 0, crashes: 0 });
      expect((await outcomesOf(filled, id)).filter((outcome) => outcome !== 'given_back')).toEqual([
        'success',
      ]);
      expect(filled.said(`behind-${n}`)).toBe('ran');
      expect('startedAtMs' in job ? job.startedAtMs : 0).toBeGreaterThanOrEqual(releasedAt);
    }
  });

  test('one that is cancelled while it waits is cancelled, and nothing of it is done', async () => {
    const filled = await fill();
    const [first = ''] = filled.behind;
    await filled.queue.cancel(first);
    await waitUntil(async () => (await filled.job(first)).state === 'cancelled', {
      what: 'the cancel',
    });
    filled.release();
    await filled.ended;
    expect(filled.said('behind-0')).toBeNull();
    for (const id of filled.behind.slice(1)) expect((await filled.job(id)).state).toBe('completed');
  });

  test.each(['gracefully', 'now'] as const)(
    'a stop (%s) gives back what waits; it is never started',
    async (how) => {
      const filled = await fill();
      filled.worker.stop(how);
      if (how === 'gracefully') {
        await filled.event('worker.stopping');
        filled.release();
      }
      await filled.ended;
      for (const [n, id] of filled.behind.entries()) {
        expect(await filled.job(id)).toMatchObject({ state: 'pending', attempts: 0, crashes: 0 });
        expect(filled.said(`behind-${n}`)).toBeNull();
      }
      const state = how === 'gracefully' ? 'completed' : 'pending';
      for (const id of filled.holders) expect((await filled.job(id)).state).toBe(state);
    },
  );

  test('when the launcher dies, what waited goes back without a crash, and runs once', async () => {
    const filled = await fill();
    process.kill(launcherPid() ?? 0, 'SIGKILL');
    filled.release();
    await filled.ended;
    for (const [n, id] of filled.behind.entries()) {
      expect(await filled.job(id)).toMatchObject({ state: 'completed', crashes: 0, attempts: 0 });
      expect(filled.said(`behind-${n}`)).toBe('ran');
    }
    for (const id of filled.holders)
      expect(await filled.job(id)).toMatchObject({ state: 'completed', crashes: 1 });
  });

  test('no run is named by more than the slot that it had, and there are no more slots than were asked for', async () => {
    const filled = await fill();
    filled.release();
    await filled.ended;
    const slots = filled.events.flatMap((e) => (e.event === 'job.claimed' ? [e.slot] : []));
    expect([...new Set(slots)].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    const claims = filled.events.flatMap((e) => (e.event === 'job.claimed' ? [`${e.id} ${e.slot}`] : []));
    const ends = filled.events.flatMap((e) => (e.event === 'job.completed' ? [`${e.id} ${e.slot}`] : []));
    expect(ends.toSorted()).toEqual(claims.toSorted());
  });
});
