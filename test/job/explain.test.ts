/** The one reason, for every state and every fact that may keep a job. */
import { describe, expect, test } from 'vitest';
import { explain, MOST_AHEAD } from '../../src/job/explain.js';
import type { JobFacts, Reason, WorkerFacts } from '../../src/job/explain.js';
import type { Job } from '../../src/job/job.js';
import { STATES } from '../../src/job/state.js';
import { newJob } from '../support/stores.js';

const NOW = 1_800_000_000_000;
const S = 1000;
const H = 3600 * S;

function job(facts: Partial<Record<string, unknown>>): Job {
  const plain = { ...newJob(), seq: 7, id: '7', runAtMs: NOW, attempts: 0, crashes: 0, run: 0 };
  const times = {
    createdAtMs: NOW,
    updatedAtMs: NOW - 90 * S,
    startedAtMs: NOW - 90 * S,
    finishedAtMs: NOW - H,
  };
  return { ...plain, ...times, state: 'pending', cancel: null, sessionId: 1, reason: null, ...facts } as Job;
}

const worker: WorkerFacts = {
  name: 'w1',
  pid: 99,
  host: 'here',
  kind: 'worker',
  slots: 2,
  busy: 2,
  queues: null,
  handlers: [''],
};
const facts: JobFacts = {
  job: job({}),
  nowMs: NOW,
  owner: null,
  isBehind: false,
  allPausedSinceMs: null,
  queuePausedSinceMs: null,
  workers: [worker],
  ahead: 3,
};
const running = { state: 'processing', run: 1 };

const CASES: readonly (readonly [Partial<JobFacts>, Reason, string, string | null])[] = [
  [
    { job: job({ state: 'completed' }) },
    'completed',
    'Job 7 is over: completed, 1h ago.',
    'to run it again: queuectl retry 7',
  ],
  [
    { job: job({ state: 'dead', reason: 'exit code 3' }) },
    'dead',
    'Job 7 is over: dead (exit code 3), 1h ago.',
    'to run it again: queuectl retry 7',
  ],
  [
    { job: job({ state: 'cancelled' }) },
    'cancelled',
    'Job 7 is over: cancelled, 1h ago.',
    'to run it again: queuectl retry 7',
  ],
  [
    { job: job(running), owner: worker },
    'running',
    'Job 7 has been running for 1m30s, by worker w1 (pid 99) on here.',
    'to end it: queuectl cancel 7',
  ],
  [
    { job: job(running), owner: { ...worker, kind: 'run' } },
    'running',
    'Job 7 has been running for 1m30s, by queuectl run (pid 99) on here.',
    'to end it: queuectl cancel 7',
  ],
  [
    { job: job(running), owner: worker, isBehind: true },
    'waits_for_slot',
    'Job 7 is next by worker w1 (pid 99) on here, whose 2 slots are busy.',
    'to end it: queuectl cancel 7',
  ],
  [
    { job: job(running) },
    'worker_died',
    'Job 7 ran, and its worker has died: the next worker that looks will see to it.',
    null,
  ],
  [
    { job: job(running), workers: [] },
    'worker_died',
    'Job 7 ran, and its worker has died: the next worker that looks will see to it.',
    'queuectl worker start',
  ],
  [
    { job: job({ ...running, cancel: { atMs: NOW - 2 * S } }), owner: worker },
    'asked_to_end',
    'Job 7 is run by worker w1 (pid 99) on here, and was asked to end 2s ago.',
    'to end it without grace: queuectl cancel 7 --now',
  ],
  [
    { job: job({ state: 'held' }) },
    'held',
    'Job 7 was put aside 1m30s ago.',
    'to let it go: queuectl release 7',
  ],
  [{ job: job({ state: 'blocked' }) }, 'blocked', 'Job 7 waits for other jobs.', null],
  [
    { job: job({ state: 'failed', attempts: 1, runAtMs: NOW + 4 * S }) },
    'waits_for_retry',
    'Job 7 waits for its retry after 1 failure, which comes in 4s.',
    'to start it at once: queuectl retry 7',
  ],
  [
    { job: job({ state: 'scheduled', runAtMs: NOW + 2 * H }) },
    'scheduled',
    'Job 7 waits for its time, which comes in 2h.',
    'to start it at once: queuectl set 7 --delay 0',
  ],
  [
    { queuePausedSinceMs: NOW - H },
    'queue_paused',
    'Job 7 waits because the queue default has been paused for 1h.',
    'queuectl resume default',
  ],
  [
    { queuePausedSinceMs: NOW - H, allPausedSinceMs: NOW },
    'queue_paused',
    'Job 7 waits because the queue default has been paused for 1h.',
    'all queues are paused, too: queuectl resume',
  ],
  [
    { allPausedSinceMs: NOW - H, workers: [] },
    'all_paused',
    'Job 7 waits because all queues have been paused for 1h.',
    'queuectl resume',
  ],
  [{ workers: [] }, 'no_worker', 'Job 7 is ready, and no worker is running.', 'queuectl worker start'],
  [
    { workers: [], job: job({ queue: 'video' }) },
    'no_worker',
    'Job 7 is ready, and no worker is running.',
    'queuectl worker start --queues video',
  ],
  [
    { workers: [{ ...worker, queues: ['b', 'a'] }] },
    'no_worker_for_queue',
    'Job 7 is ready, and no worker serves the queue default: those that run serve a, b.',
    'queuectl worker start',
  ],
  [
    { job: job({ command: null, handler: 'resize' }) },
    'no_worker_for_handler',
    'Job 7 is ready, and no worker of the queue default has the handler resize.',
    'start the program that has the handler resize',
  ],
  [
    { workers: [{ ...worker, handlers: ['resize'] }] },
    'no_worker_for_handler',
    'Job 7 is ready, and the workers of the queue default run no commands.',
    'queuectl worker start',
  ],
  [
    {},
    'slots_busy',
    'Job 7 waits for a slot: 2 of 2 are busy, and 3 jobs of its queue stand before it.',
    'to let it go first: queuectl set 7 --priority 1; or more slots: queuectl worker start --count N',
  ],
  [
    { ahead: MOST_AHEAD + 1, workers: [worker, { ...worker, busy: 0 }] },
    'slots_busy',
    'Job 7 waits for a slot: 2 of 4 are busy, and more than 10,000 jobs of its queue stand before it.',
    'to let it go first: queuectl set 7 --priority 1; or more slots: queuectl worker start --count N',
  ],
  [
    { ahead: 0, workers: [{ ...worker, busy: 1 }] },
    'about_to_start',
    'Job 7 is about to start: 1 of 2 slots are free.',
    null,
  ],
];

describe('explain', () => {
  test.each(CASES.map((each) => [each[1], ...each] as const))('%s', (_, changes, reason, message, hint) => {
    expect(explain({ ...facts, ...changes })).toMatchObject({ id: '7', reason, message, hint });
  });

  test('has a reason for every state', () => {
    for (const state of STATES) expect(explain({ ...facts, job: job({ state }) }).state).toBe(state);
  });
});
