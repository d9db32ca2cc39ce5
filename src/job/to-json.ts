/** The one JSON shape of a job and of a run, for the command line and every later interface. It only ever grows. */
import { formatInstant } from '../time.js';
import { cursorOf } from './cursor.js';
import type { Job, NewJob, Run, RunOptions } from './job.js';

/** A job as JSON: snake_case, instants in ISO 8601 UTC, durations in milliseconds, ids as strings. */
export function toJobJson(job: Job): Record<string, unknown> {
  return {
    id: job.id,
    command: job.command,
    handler: job.handler,
    payload: job.payload,
    state: job.state,
    queue: job.queue,
    priority: job.priority,
    tags: job.tags,
    label: job.label,
    attempts: job.attempts,
    max_retries: job.maxRetries,
    crashes: job.crashes,
    run: job.run,
    backoff_base: job.backoff.base,
    backoff_max_ms: job.backoff.maxMs,
    jitter: job.backoff.jitter,
    ...runOptionsJson(job),
    run_at: formatInstant(job.runAtMs),
    created_at: formatInstant(job.createdAtMs),
    updated_at: formatInstant(job.updatedAtMs),
    ...endingJson(job),
    // For the page behind this job: list --after.
    cursor: cursorOf(job),
  };
}

/** A job that is not stored yet, in the same words: its time is an instant, or a delay in milliseconds. */
export function toNewJobJson(job: NewJob): Record<string, unknown> {
  return {
    id: job.id,
    command: job.command,
    handler: job.handler,
    payload: job.payload,
    queue: job.queue,
    priority: job.priority,
    hold: job.hold,
    tags: job.tags,
    label: job.label,
    max_retries: job.maxRetries,
    backoff_base: job.backoff.base,
    backoff_max_ms: job.backoff.maxMs,
    jitter: job.backoff.jitter,
    ...runOptionsJson(job),
    run_at: 'atMs' in job.start ? formatInstant(job.start.atMs) : null,
    delay_ms: 'delayMs' in job.start ? job.start.delayMs : 0,
  };
}

function runOptionsJson(job: RunOptions): Record<string, unknown> {
  return {
    timeout_ms: job.timeoutMs,
    grace_ms: job.graceMs,
    cwd: job.cwd,
    env: job.env,
    stdin: job.stdin,
    stdin_file: job.stdinFile,
    stragglers: job.stragglers,
    user: job.user,
    nice: job.nice,
    umask: job.umask,
    memory_limit_bytes: job.memoryLimitBytes,
    cpu_limit_ms: job.cpuLimitMs,
    open_files_limit: job.openFilesLimit,
    process_limit: job.processLimit,
  };
}

/** Every key is always there, so that a script need not ask for the state first. */
function endingJson(job: Job): Record<string, unknown> {
  const ended = 'finishedAtMs' in job ? job : null;
  const startedAtMs = 'startedAtMs' in job ? job.startedAtMs : null;
  return {
    started_at: startedAtMs === null ? null : formatInstant(startedAtMs),
    cancel_requested_at:
      job.state === 'processing' && job.cancel !== null ? formatInstant(job.cancel.atMs) : null,
    finished_at: ended === null ? null : formatInstant(ended.finishedAtMs),
    exit_code: ended?.exitCode ?? null,
    signal: ended?.signal ?? null,
    reason: ended?.reason ?? null,
  };
}

export function toRunJson(run: Run): Record<string, unknown> {
  return {
    run: run.run,
    outcome: run.outcome,
    exit_code: run.exitCode,
    signal: run.signal,
    reason: run.reason,
    started_at: formatInstant(run.startedAtMs),
    finished_at: formatInstant(run.finishedAtMs),
    duration_ms: run.finishedAtMs - run.startedAtMs,
    user_ms: run.usage?.userMs ?? null,
    system_ms: run.usage?.systemMs ?? null,
    max_rss_kb: run.usage?.maxRssKb ?? null,
    output_bytes: run.outputBytes,
    result: run.result,
  };
}
