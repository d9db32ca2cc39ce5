import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../src/job/decide.js';
import type { Outcome } from '../../../src/job/outcome.js';
import { QueueError } from '../../../src/errors.js';
import type { FinishedRun } from '../../../src/store/store.js';
import { ended, HOUR_MS, newJob } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { checkInvariants, type Walk, type WalkedSession } from './walk-invariants.js';
import { openSession } from './workers.js';
import { cancelJob, retryJob } from './one-job.js';

/** One random step; the invariants are checked after each. */
type Step =
  | { readonly kind: 'enqueue'; readonly queue: string; readonly maxRetries: number; readonly waits: boolean }
  | { readonly kind: 'exchange'; readonly who: number; readonly free: number; readonly ends: readonly End[] }
  | { readonly kind: 'forget' | 'close' | 'crash'; readonly who: number }
  | { readonly kind: 'retry' | 'cancel'; readonly seq: number }
  | { readonly kind: 'time passes' };

type End = 'success' | 'failure' | 'given_back' | 'cancelled' | 'runs on';

const OUTCOMES: Readonly<Record<Exclude<End, 'runs on'>, Outcome>> = {
  success: { kind: 'success' },
  failure: { kind: 'failure', exitCode: 1, signal: null, reason: 'exit code 1' },
  given_back: { kind: 'given_back', delayMs: 0 },
  cancelled: { kind: 'cancelled', exitCode: null, signal: 'SIGTERM', reason: 'cancelled' },
};

const who = fc.nat(2);
const end = fc.constantFrom<End>('success', 'failure', 'failure', 'given_back', 'cancelled', 'runs on');
const queue = fc.constantFrom('a', 'b');
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('enqueue' as const),
        queue,
        maxRetries: fc.nat(3),
        waits: fc.boolean(),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('exchange' as const),
        who,
        free: fc.nat(3),
        ends: fc.array(end, { maxLength: 4 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('forget' as const, 'close' as const, 'crash' as const),
        who,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('retry' as const, 'cancel' as const),
        seq: fc.integer({ min: 1, max: 15 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('time passes' as const) }) },
  ),
  { minLength: 10, maxLength: 60 },
);

export function exerciseRandomWalk(open: OpenStoreUnderTest): void {
  test('whatever happens in whatever order: counters are right, runs only grow, nobody has a job twice', async () => {
    const property = fc.asyncProperty(steps, async (taken) => {
      const tested = await open();
      try {
        const walk: Walk = { ...tested, sessions: [], runs: new Map() };
        for (let n = 0; n < 3; n++)
          walk.sessions.push({ session: await openSession(tested.store), running: [] });
        for (const step of taken) {
          await take(walk, step);
          await checkInvariants(walk);
        }
      } finally {
        await tested.dispose();
      }
    });
    // A failure prints its seed and path: give them here to see it again.
    await fc.assert(property, { numRuns: 20 });
  });
}

async function take(walk: Walk, step: Step): Promise<void> {
  switch (step.kind) {
    case 'enqueue': {
      const start = { delayMs: step.waits ? HOUR_MS : 0 };
      await walk.store.insertJobs(
        [newJob({ queue: step.queue, maxRetries: step.maxRetries, start })],
        'error',
      );
      return;
    }
    case 'exchange':
      return exchange(walk, sessionOf(walk, step.who), step.ends, step.free);
    case 'forget':
      // The answer of an exchange never arrived: the session knows of nothing that it claimed.
      sessionOf(walk, step.who).running = [];
      return;
    case 'close':
    case 'crash':
      return endSession(walk, step.who, step.kind);
    case 'retry':
      return unlessConflict(
        retryJob(walk.store, String(step.seq), ['dead', 'failed', 'completed', 'cancelled']),
      );
    case 'cancel':
      return unlessConflict(
        cancelJob(walk.store, String(step.seq), { signal: 'SIGTERM', graceMs: null, reason: 'cancelled' }),
      );
    case 'time passes':
      return walk.makeDue();
  }
}

function sessionOf(walk: Walk, index: number): WalkedSession {
  const found = walk.sessions[index];
  if (found === undefined) throw new Error(`no session ${index}`);
  return found;
}

async function exchange(walk: Walk, mine: WalkedSession, ends: readonly End[], free: number): Promise<void> {
  const finished: FinishedRun[] = [];
  const running = [...mine.running];
  for (const kind of ends) {
    if (kind === 'runs on') continue;
    const job = running.shift();
    if (job === undefined) break;
    const outcome = OUTCOMES[kind];
    finished.push(ended(job, decide({ ...job, attached: false }, outcome, 0), { outcome: outcome.kind }));
  }
  const { claims, lost } = await walk.store.exchange(mine.session, { running, finished, free });
  expect(lost).toEqual([]);
  expect(claims.length).toBeLessThanOrEqual(free);
  for (const job of claims) {
    const others = walk.sessions.filter((each) => each !== mine).flatMap((each) => each.running);
    expect(
      [...running, ...others].map(({ seq }) => seq),
      'a job that is running was claimed',
    ).not.toContain(job.seq);
    expect(job.run, `run of job ${job.seq}`).toBe((walk.runs.get(job.seq) ?? 0) + 1);
    walk.runs.set(job.seq, job.run);
  }
  mine.running = [...running, ...claims];
}

/** Another process rescues the session, or the session closes; a new one takes its place, and its word counts no more. */
async function endSession(walk: Walk, index: number, how: 'close' | 'crash'): Promise<void> {
  const { session, running } = sessionOf(walk, index);
  if (how === 'crash') {
    const owned = await walk.store.listOwned(session);
    const lost: Outcome = { kind: 'lost', cause: 'crash' };
    const finished = owned.map((job) =>
      ended(job, decide({ ...job, attached: false }, lost, 0.5), { outcome: 'lost' }),
    );
    await walk.store.rescueSession(session, finished);
  } else {
    await walk.store.closeSession(session);
  }
  const late = running.map((job) => ended(job, { to: 'completed' }));
  const { lost } = await walk.store.exchange(session, { running: [], finished: late, free: 2 });
  expect(lost).toHaveLength(late.length);
  walk.sessions[index] = { session: await openSession(walk.store), running: [] };
}

async function unlessConflict(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!(error instanceof QueueError) || error.code !== 'conflict') throw error;
  }
}
