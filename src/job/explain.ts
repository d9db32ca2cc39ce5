/** Why a job does not run, and what would start it: one reason, decided from facts. Pure. */
import { formatDuration, MINUTE, SECOND } from '../time.js';
import type { Job } from './job.js';

export type Reason =
  | 'completed'
  | 'dead'
  | 'cancelled'
  | 'running'
  | 'waits_for_slot'
  | 'worker_died'
  | 'asked_to_end'
  | 'held'
  | 'blocked'
  | 'waits_for_retry'
  | 'scheduled'
  | 'queue_paused'
  | 'all_paused'
  | 'no_worker'
  | 'no_worker_for_queue'
  | 'no_worker_for_handler'
  | 'slots_busy'
  | 'about_to_start';

/** Who runs jobs, or could. */
export interface WorkerFacts {
  readonly name: string | null;
  readonly pid: number;
  readonly host: string;
  readonly kind: 'worker' | 'run';
  readonly slots: number;
  /** Of its slots. */
  readonly busy: number;
  /** Null: every queue. */
  readonly queues: readonly string[] | null;
  readonly handlers: readonly string[];
}

export interface JobFacts {
  readonly job: Job;
  readonly nowMs: number;
  /** Of a job that is processing: who has it; null: its worker has died, and nobody has seen to it yet. */
  readonly owner: WorkerFacts | null;
  /** It is claimed, but all slots of its owner run other jobs. */
  readonly isBehind: boolean;
  readonly allPausedSinceMs: number | null;
  readonly queuePausedSinceMs: number | null;
  /** Those that live and were not asked to stop. */
  readonly workers: readonly WorkerFacts[];
  /** How many jobs a claim takes before it, counted up to MOST_AHEAD. */
  readonly ahead: number;
}

/** More than that are not counted. */
export const MOST_AHEAD = 10_000;

/** What `explain` answers. */
export interface Explanation {
  readonly id: string;
  readonly state: Job['state'];
  readonly reason: Reason;
  /** One sentence. */
  readonly message: string;
  /** What changes it, with the command; null where nothing need be done. */
  readonly hint: string | null;
  /** When that began which keeps it, or when it ended. */
  readonly sinceMs: number | null;
  /** When its time comes. */
  readonly dueMs: number | null;
  /** Jobs before it; null where it does not wait for others. */
  readonly ahead: number | null;
  /** Of the workers that serve it, and how many of these are taken; null where it does not wait for one. */
  readonly slots: number | null;
  readonly busy: number | null;
  /** The worker that has it. */
  readonly worker: { readonly name: string | null; readonly pid: number; readonly host: string } | null;
}

export function explain(facts: JobFacts): Explanation {
  const { job } = facts;
  const nothing = { sinceMs: null, dueMs: null, ahead: null, slots: null, busy: null, worker: null };
  return { id: job.id, state: job.state, ...nothing, ...reasonOf(facts) };
}

type Found = Pick<Explanation, 'reason' | 'message' | 'hint'> & Partial<Explanation>;

function reasonOf(facts: JobFacts): Found {
  const { job, nowMs } = facts;
  const { id } = job;
  switch (job.state) {
    case 'completed':
    case 'dead':
    case 'cancelled': {
      const why = job.reason === null ? '' : ` (${job.reason})`;
      return {
        reason: job.state,
        message: `Job ${id} is over: ${job.state}${why}, ${roughly(nowMs - job.finishedAtMs)} ago.`,
        hint: `to run it again: queuectl retry ${id}`,
        sinceMs: job.finishedAtMs,
      };
    }
    case 'processing':
      return processing(facts, job);
    case 'held':
      return {
        reason: 'held',
        message: `Job ${id} was put aside ${roughly(nowMs - job.updatedAtMs)} ago.`,
        hint: `to let it go: queuectl release ${id}`,
        sinceMs: job.updatedAtMs,
      };
    case 'blocked':
      return { reason: 'blocked', message: `Job ${id} waits for other jobs.`, hint: null };
    case 'failed':
      return waits(
        facts,
        'waits_for_retry',
        `its retry after ${times(job.attempts)}`,
        `queuectl retry ${id}`,
      );
    case 'scheduled':
      return waits(facts, 'scheduled', 'its time', `queuectl set ${id} --delay 0`);
    case 'pending':
      return pending(facts);
  }
}

function waits({ job, nowMs }: JobFacts, reason: Reason, what: string, command: string): Found {
  const inMs = job.runAtMs - nowMs;
  const when = inMs > 0 ? `in ${roughly(inMs)}` : 'now';
  return {
    reason,
    message: `Job ${job.id} waits for ${what}, which comes ${when}.`,
    hint: `to start it at once: ${command}`,
    dueMs: job.runAtMs,
  };
}

function processing(facts: JobFacts, job: Job & { readonly state: 'processing' }): Found {
  const { owner, nowMs } = facts;
  const { id } = job;
  if (owner === null)
    return {
      reason: 'worker_died',
      message: `Job ${id} ran, and its worker has died: the next worker that looks will see to it.`,
      hint: facts.workers.length === 0 ? 'queuectl worker start' : null,
    };
  const worker = { name: owner.name, pid: owner.pid, host: owner.host };
  const by =
    owner.kind === 'run'
      ? `queuectl run (pid ${owner.pid})`
      : `worker ${owner.name ?? owner.pid} (pid ${owner.pid})`;
  const where = `by ${by} on ${owner.host}`;
  const cancel = `to end it: queuectl cancel ${id}`;
  if (job.cancel !== null)
    return {
      reason: 'asked_to_end',
      message: `Job ${id} is run ${where}, and was asked to end ${roughly(nowMs - job.cancel.atMs)} ago.`,
      hint: `to end it without grace: queuectl cancel ${id} --now`,
      sinceMs: job.cancel.atMs,
      worker,
    };
  if (facts.isBehind)
    return {
      reason: 'waits_for_slot',
      message: `Job ${id} is next ${where}, whose ${slotWords(owner.slots)} busy.`,
      hint: cancel,
      sinceMs: job.startedAtMs,
      slots: owner.slots,
      busy: owner.slots,
      worker,
    };
  return {
    reason: 'running',
    message: `Job ${id} has been running for ${roughly(nowMs - job.startedAtMs)}, ${where}.`,
    hint: cancel,
    sinceMs: job.startedAtMs,
    worker,
  };
}

function pending(facts: JobFacts): Found {
  const { job, nowMs, allPausedSinceMs, queuePausedSinceMs, workers } = facts;
  const { id, queue, handler } = job;
  if (queuePausedSinceMs !== null)
    return {
      reason: 'queue_paused',
      message: `Job ${id} waits because the queue ${queue} has been paused for ${roughly(nowMs - queuePausedSinceMs)}.`,
      hint:
        allPausedSinceMs === null
          ? `queuectl resume ${queue}`
          : 'all queues are paused, too: queuectl resume',
      sinceMs: queuePausedSinceMs,
    };
  if (allPausedSinceMs !== null)
    return {
      reason: 'all_paused',
      message: `Job ${id} waits because all queues have been paused for ${roughly(nowMs - allPausedSinceMs)}.`,
      hint: 'queuectl resume',
      sinceMs: allPausedSinceMs,
    };
  const start = queue === 'default' ? 'queuectl worker start' : `queuectl worker start --queues ${queue}`;
  const startIt = handler === null ? start : `start the program that has the handler ${handler}`;
  if (workers.length === 0)
    return { reason: 'no_worker', message: `Job ${id} is ready, and no worker is running.`, hint: startIt };
  const ofQueue = workers.filter(({ queues }) => queues === null || queues.includes(queue));
  if (ofQueue.length === 0)
    return {
      reason: 'no_worker_for_queue',
      message: `Job ${id} is ready, and no worker serves the queue ${queue}: those that run serve ${servedQueues(workers)}.`,
      hint: startIt,
    };
  const serving = ofQueue.filter(({ handlers }) => handlers.includes(handler ?? ''));
  if (serving.length === 0)
    return {
      reason: 'no_worker_for_handler',
      message:
        handler === null
          ? `Job ${id} is ready, and the workers of the queue ${queue} run no commands.`
          : `Job ${id} is ready, and no worker of the queue ${queue} has the handler ${handler}.`,
      hint: startIt,
    };
  return forSlots(facts, serving);
}

function forSlots({ job, ahead }: JobFacts, serving: readonly WorkerFacts[]): Found {
  const slots = serving.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = serving.reduce((sum, worker) => sum + worker.busy, 0);
  const jobs =
    ahead === 0
      ? 'no job'
      : ahead > MOST_AHEAD
        ? 'more than 10,000 jobs'
        : ahead === 1
          ? '1 job'
          : `${ahead} jobs`;
  if (busy < slots && ahead < slots - busy)
    return {
      reason: 'about_to_start',
      message: `Job ${job.id} is about to start: ${slots - busy} of ${slots} slots are free.`,
      hint: null,
      ahead,
      slots,
      busy,
    };
  return {
    reason: 'slots_busy',
    message: `Job ${job.id} waits for a slot: ${busy} of ${slots} are busy, and ${jobs} of its queue ${ahead === 1 || ahead === 0 ? 'stands' : 'stand'} before it.`,
    hint: `to let it go first: queuectl set ${job.id} --priority ${job.priority + 1}; or more slots: queuectl worker start --count N`,
    ahead,
    slots,
    busy,
  };
}

const MOST_NAMED = 5;

function servedQueues(workers: readonly WorkerFacts[]): string {
  const names = [...new Set(workers.flatMap(({ queues }) => queues ?? []))].toSorted();
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

function slotWords(slots: number): string {
  return slots === 1 ? 'one slot is' : `${slots} slots are`;
}

function times(attempts: number): string {
  return attempts === 1 ? '1 failure' : `${attempts} failures`;
}

/** Seconds are fine enough, and minutes for what is long. */
function roughly(ms: number): string {
  if (ms < SECOND) return 'less than a second';
  const unit = ms < 60 * MINUTE ? SECOND : MINUTE;
  return formatDuration(Math.floor(ms / unit) * unit);
}
