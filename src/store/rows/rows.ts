/** Rows become jobs here, and nowhere else. */
import { workText } from '../../job/command.js';
import type { PendingCancel } from '../../job/cancel.js';
import type { Backoff, Job, NewJob, ProcessingJob } from '../../job/job.js';
import type { State } from '../../job/state.js';
import type { Row, SqlValue } from './row.js';
import { readOptions, writeOptions } from './options-column.js';
import type { WithOptions } from './options-column.js';

interface StoredBackoff {
  readonly base: number;
  readonly max_ms?: number;
  readonly jitter?: number;
}

/** What the jobs table holds of a row; the schema's types and CHECKs stand behind it. */
interface JobRow {
  readonly seq: number;
  readonly id: string | null;
  readonly queue: string;
  readonly handler: string;
  readonly state: State;
  readonly priority: number;
  readonly run_at: number;
  readonly attempts: number;
  readonly max_retries: number;
  readonly backoff: string;
  readonly crashes: number;
  readonly run: number;
  readonly session_id: number | null;
  readonly command: string;
  readonly label: string | null;
  readonly options: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly cancel: string | null;
}

/** What the `cancel` column holds. */
interface StoredCancel {
  readonly at: number;
  readonly signal: string;
  readonly grace_ms: number;
  readonly reason: string;
}

export function toJob(row: Row): Job {
  const stored = row as unknown as JobRow;
  const facts = factsOf(stored);
  switch (stored.state) {
    case 'scheduled':
    case 'pending':
    case 'blocked':
    case 'held':
      return { ...facts, state: stored.state };
    case 'processing':
      return Object.assign(facts, {
        state: stored.state,
        sessionId: stored.session_id ?? 0,
        startedAtMs: stored.started_at ?? 0,
        cancel: toPendingCancel(stored.cancel),
      });
    default:
      return { ...facts, state: stored.state, ...toEnding(stored) };
  }
}

/** What a claim reads of a job: those columns that it does not write. */
export const CLAIM_COLUMNS = `seq, id, queue, handler, priority, run_at, attempts, max_retries, backoff, crashes, run,
  command, label, options, created_at`;

/** The job as the claim has made it, from CLAIM_COLUMNS as they were before it. */
export function toClaimedJob(row: Row, sessionId: number, now: number): ProcessingJob {
  const stored = row as unknown as JobRow;
  return Object.assign(factsOf(stored), {
    state: 'processing' as const,
    run: stored.run + 1,
    updatedAtMs: now,
    sessionId,
    startedAtMs: now,
    cancel: null,
  });
}

/** Each field by its name: a claim makes hundreds of these at once, and to leave one out of a spread costs 10 µs. */
function factsOf(stored: JobRow) {
  const options = readOptions(stored.options);
  return {
    seq: stored.seq,
    id: stored.id ?? String(stored.seq),
    queue: stored.queue,
    priority: stored.priority,
    runAtMs: stored.run_at,
    attempts: stored.attempts,
    maxRetries: stored.max_retries,
    backoff: readBackoff(stored.backoff),
    crashes: stored.crashes,
    run: stored.run,
    command: stored.handler === '' ? (options.argv ?? stored.command) : null,
    handler: stored.handler === '' ? null : stored.handler,
    payload: options.payload,
    tags: options.tags,
    label: stored.label,
    timeoutMs: options.timeoutMs,
    graceMs: options.graceMs,
    cwd: options.cwd,
    env: options.env,
    stdin: options.stdin,
    stdinFile: options.stdinFile,
    stragglers: options.stragglers,
    user: options.user,
    nice: options.nice,
    umask: options.umask,
    memoryLimitBytes: options.memoryLimitBytes,
    cpuLimitMs: options.cpuLimitMs,
    openFilesLimit: options.openFilesLimit,
    processLimit: options.processLimit,
    createdAtMs: stored.created_at,
    updatedAtMs: stored.updated_at,
  };
}

let lastBackoff: { readonly text: string; readonly backoff: Backoff } = {
  text: '{"base":2}',
  backoff: { base: 2, maxMs: null, jitter: 0 },
};

/** Most jobs of a batch have the same: it is read once. */
function readBackoff(text: string): Backoff {
  if (text !== lastBackoff.text) {
    const { base, max_ms: maxMs = null, jitter = 0 } = JSON.parse(text) as StoredBackoff;
    lastBackoff = { text, backoff: { base, maxMs, jitter } };
  }
  return lastBackoff.backoff;
}

export function toPendingCancel(text: unknown): PendingCancel | null {
  if (typeof text !== 'string') return null;
  const { at, signal, grace_ms: graceMs, reason } = JSON.parse(text) as StoredCancel;
  return { atMs: at, signal, graceMs, reason };
}

export function cancelText({ atMs, signal, graceMs, reason }: PendingCancel): string {
  return JSON.stringify({ at: atMs, signal, grace_ms: graceMs, reason } satisfies StoredCancel);
}

function toEnding(stored: JobRow) {
  return {
    startedAtMs: stored.started_at,
    finishedAtMs: stored.finished_at ?? 0,
    exitCode: stored.exit_code,
    signal: stored.signal,
    reason: stored.reason,
  };
}

export function toProcessingJob(row: Row): ProcessingJob {
  const job = toJob(row);
  if (job.state !== 'processing') throw new Error(`job ${job.id} is ${job.state}, not processing`);
  return job;
}

/** A new job, or one that a person has changed. */
type StorableJob = WithOptions &
  Pick<NewJob, 'id' | 'queue' | 'priority' | 'maxRetries' | 'backoff' | 'label'>;

/** The columns that a new job fills, in the order of NEW_JOB_COLUMNS. */
export function newJobValues(job: StorableJob): SqlValue[] {
  return [
    job.id,
    job.queue,
    job.priority,
    job.maxRetries,
    backoffText(job.backoff),
    job.handler ?? '',
    workText(job),
    job.label,
    writeOptions(job),
  ];
}

function backoffText({ base, maxMs, jitter }: NewJob['backoff']): string {
  if (maxMs === null && jitter === 0) return `{"base":${base}}`;
  const backoff: StoredBackoff = {
    base,
    ...(maxMs !== null && { max_ms: maxMs }),
    ...(jitter > 0 && { jitter }),
  };
  return JSON.stringify(backoff);
}

export const NEW_JOB_COLUMNS = 'id, queue, priority, max_retries, backoff, handler, command, label, options';
