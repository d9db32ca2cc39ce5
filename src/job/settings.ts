/** Other settings for a job that is stored: any of its options but its id and its handler. Pure. */
import { usageError } from '../errors.js';
import type { Job, NewJob } from './job.js';
import { parseJobInput, readFields } from './parse-job.js';

/** Fields of a job's input, each checked by itself; null: as it is by default. */
export type JobSettings = Readonly<Record<string, unknown>>;

const FIXED: Readonly<Record<string, string>> = {
  id: 'a job keeps its id',
  handler: 'a job keeps its handler',
  payload: 'a job keeps its payload',
  hold: 'a job is put aside by hold, and let go by release',
};

/** Throws `usage` for what cannot be set, and where nothing is. */
export function parseSettings(input: JobSettings): JobSettings {
  const given = readFields(input);
  if (Object.keys(input).length === 0) throw usageError('nothing to set', 'queuectl set 42 --priority 5');
  for (const [name, why] of Object.entries(FIXED)) if (name in input) throw usageError(why);
  if (given.run_at !== undefined && given.delay !== undefined)
    throw usageError('"run_at" and "delay" exclude each other', 'give one of them');
  return input;
}

/** What of a job the settings can change; `start` only where they say so. */
export type ChangedJob = Omit<NewJob, 'id' | 'hold' | 'start'> & { readonly start: NewJob['start'] | null };

/** The job with the settings. Throws `usage` where they do not go together with what it has. */
export function withSettings(job: Job, settings: JobSettings): ChangedJob {
  const hasStart = 'run_at' in settings || 'delay' in settings;
  // Read again as a whole: what excludes each other in a new job excludes each other here.
  const { start, ...changed } = parseJobInput({ ...toInput(job), ...replaced(settings), ...settings });
  return { ...changed, start: hasStart ? start : null };
}

/** One way to get input takes the place of the other. */
function replaced(settings: JobSettings): Record<string, unknown> {
  return {
    ...('stdin' in settings && { stdin_file: null }),
    ...('stdin_file' in settings && { stdin: null }),
  };
}

/** The job in the words of its input. */
function toInput(job: Job): Record<string, unknown> {
  const seconds = (ms: number | null): string | null => (ms === null ? null : `${ms}ms`);
  const forCommand = {
    command: job.command,
    cwd: job.cwd,
    env: Object.keys(job.env).length === 0 ? null : job.env,
    stdin: job.stdin,
    stdin_file: job.stdinFile,
    stragglers: job.stragglers === 'end' ? null : job.stragglers,
    user: job.user,
    nice: job.nice,
    umask: job.umask,
    memory_limit: job.memoryLimitBytes,
    cpu_limit: seconds(job.cpuLimitMs),
    open_files_limit: job.openFilesLimit,
    process_limit: job.processLimit,
  };
  return {
    ...(job.handler === null ? forCommand : { handler: job.handler, payload: job.payload }),
    queue: job.queue,
    priority: job.priority,
    tags: job.tags,
    label: job.label,
    max_retries: job.maxRetries,
    backoff_base: job.backoff.base,
    backoff_max: seconds(job.backoff.maxMs),
    jitter: job.backoff.jitter,
    timeout: seconds(job.timeoutMs),
    grace: seconds(job.graceMs),
  };
}
