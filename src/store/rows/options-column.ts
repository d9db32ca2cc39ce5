/** How a job runs, as the JSON of the `options` column. */
import type { JsonValue, NewJob, RunOptions } from '../../job/job.js';

/** What is as it is by default is left out, so that most rows stay short. */
interface StoredOptions {
  readonly argv?: readonly string[];
  readonly payload?: JsonValue;
  readonly tags?: readonly string[];
  readonly timeout_ms?: number;
  readonly grace_ms: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly stdin_file?: string;
  readonly stragglers?: 'leave';
  readonly user?: string;
  readonly nice?: number;
  readonly umask?: string;
  readonly memory_limit_bytes?: number;
  readonly cpu_limit_ms?: number;
  readonly open_files_limit?: number;
  readonly process_limit?: number;
}

const NO_TAGS: readonly string[] = Object.freeze([]);

/** `argv` is the command of a job that has no line for the shell. */
export function readOptions(column: string): ReadOptions {
  if (column === lastRead.column) return lastRead.options;
  const options = parseOptions(column);
  // A payload belongs to its job alone: the handler may change it.
  if (options.payload === null) lastRead = { column, options };
  return options;
}

type ReadOptions = RunOptions &
  Pick<NewJob, 'payload' | 'tags'> & { readonly argv: readonly string[] | undefined };

function parseOptions(column: string): ReadOptions {
  const stored = JSON.parse(column) as StoredOptions;
  return {
    argv: stored.argv,
    payload: stored.payload ?? null,
    tags: stored.tags ?? NO_TAGS,
    timeoutMs: stored.timeout_ms ?? null,
    graceMs: stored.grace_ms,
    cwd: stored.cwd ?? null,
    env: stored.env ?? {},
    stdin: stored.stdin ?? null,
    stdinFile: stored.stdin_file ?? null,
    stragglers: stored.stragglers ?? 'end',
    user: stored.user ?? null,
    nice: stored.nice ?? null,
    umask: stored.umask ?? null,
    memoryLimitBytes: stored.memory_limit_bytes ?? null,
    cpuLimitMs: stored.cpu_limit_ms ?? null,
    openFilesLimit: stored.open_files_limit ?? null,
    processLimit: stored.process_limit ?? null,
  };
}

let lastRead: { readonly column: string; readonly options: ReadOptions } = {
  column: '{"grace_ms":0}',
  options: parseOptions('{"grace_ms":0}'),
};

/** Most jobs of a batch have the same few options: their text is made once, and read once. */
let lastPlain: Readonly<Pick<NewJob, 'timeoutMs' | 'graceMs' | 'cwd'>> & { readonly text: string } = {
  timeoutMs: null,
  graceMs: 0,
  cwd: null,
  text: '{"grace_ms":0}',
};

/** What stands in the column; a job that is stored already has all of it, too. */
export type WithOptions = RunOptions & Pick<NewJob, 'command' | 'handler' | 'payload' | 'tags'>;

export function writeOptions(job: WithOptions): string {
  if (!isPlain(job)) return optionsText(job);
  const { timeoutMs, graceMs, cwd } = job;
  const last = lastPlain;
  if (last.timeoutMs === timeoutMs && last.graceMs === graceMs && last.cwd === cwd) return last.text;
  lastPlain = { timeoutMs, graceMs, cwd, text: optionsText(job) };
  return lastPlain.text;
}

/** Nothing but a time limit, a grace and a directory. */
function isPlain(job: WithOptions): boolean {
  return (
    (typeof job.command === 'string' || job.handler !== null) &&
    job.payload === null &&
    job.tags.length === 0 &&
    job.stdin === null &&
    job.stdinFile === null &&
    job.stragglers === 'end' &&
    job.user === null &&
    job.nice === null &&
    job.umask === null &&
    job.memoryLimitBytes === null &&
    job.cpuLimitMs === null &&
    job.openFilesLimit === null &&
    job.processLimit === null &&
    Object.keys(job.env).length === 0
  );
}

function optionsText(job: WithOptions): string {
  const stored: StoredOptions = {
    ...(typeof job.command !== 'string' && job.command !== null && { argv: job.command }),
    ...(job.payload !== null && { payload: job.payload }),
    ...(job.tags.length > 0 && { tags: job.tags }),
    ...(job.timeoutMs !== null && { timeout_ms: job.timeoutMs }),
    grace_ms: job.graceMs,
    ...(job.cwd !== null && { cwd: job.cwd }),
    ...(Object.keys(job.env).length > 0 && { env: job.env }),
    ...(job.stdin !== null && { stdin: job.stdin }),
    ...(job.stdinFile !== null && { stdin_file: job.stdinFile }),
    ...(job.stragglers === 'leave' && { stragglers: job.stragglers }),
    ...(job.user !== null && { user: job.user }),
    ...(job.nice !== null && { nice: job.nice }),
    ...(job.umask !== null && { umask: job.umask }),
    ...(job.memoryLimitBytes !== null && { memory_limit_bytes: job.memoryLimitBytes }),
    ...(job.cpuLimitMs !== null && { cpu_limit_ms: job.cpuLimitMs }),
    ...(job.openFilesLimit !== null && { open_files_limit: job.openFilesLimit }),
    ...(job.processLimit !== null && { process_limit: job.processLimit }),
  };
  return JSON.stringify(stored);
}
