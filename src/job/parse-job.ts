/** What a caller gave becomes a job, or a plain refusal. Pure. */
import { usageError } from '../errors.js';
import type { Command, NewJob, Stragglers } from './job.js';
import { readValue } from './option-kinds.js';
import type { OptionKind } from './option-kinds.js';
import { JOB_DEFAULTS, JOB_OPTIONS } from './options.js';
import type { JobDefaults } from './options.js';
import { show, unknownWord } from './show-value.js';

type OptionName = (typeof JOB_OPTIONS)[number]['name'];

const OPTION_NAMES: readonly string[] = JOB_OPTIONS.map((option) => option.name);
const OPTION_KINDS: ReadonlyMap<string, OptionKind> = new Map(
  JOB_OPTIONS.map((option) => [option.name, option.value]),
);

/**
 * Checks every field and fills in the defaults. `input` is whatever JSON or a program gave.
 * Throws `usage` with the field, what it must be, and a hint; nothing passes that cannot be stored and run.
 */
export function parseJobInput(input: unknown, defaults: JobDefaults = JOB_DEFAULTS): NewJob {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw usageError(
      `a job must be a JSON object, not ${show(input)}`,
      `queuectl enqueue '{"command": "sleep 2"}'`,
    );
  }
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(input)) {
    const kind = OPTION_KINDS.get(name);
    if (kind === undefined) throw unknownWord('field', name, OPTION_NAMES);
    if (value !== null && value !== undefined) given.set(name, readValue(kind, value, `"${name}"`));
  }
  if (!given.has('command')) throw usageError('job has no "command"', 'queuectl enqueue -- sleep 2');
  if (given.has('run_at') && given.has('delay'))
    throw usageError('"run_at" and "delay" exclude each other', 'give one of them');
  if (given.has('stdin') && given.has('stdin_file'))
    throw usageError('"stdin" and "stdin_file" exclude each other', 'give one of them');
  return toNewJob(given, defaults);
}

function toNewJob(given: ReadonlyMap<string, unknown>, defaults: JobDefaults): NewJob {
  // readValue has checked each value against its row of the table; this is where it gets its type.
  const read = <T>(name: OptionName, fallback: T): T => (given.has(name) ? (given.get(name) as T) : fallback);
  const runAtMs = read<number | null>('run_at', null);
  return {
    id: read<string | null>('id', null),
    command: read<Command>('command', ''),
    queue: read('queue', 'default'),
    priority: read('priority', 0),
    start: runAtMs === null ? { delayMs: read('delay', 0) } : { atMs: runAtMs },
    maxRetries: read('max_retries', defaults.maxRetries),
    backoff: {
      base: read('backoff_base', defaults.backoffBase),
      maxMs: read('backoff_max', defaults.backoffMaxMs),
      jitter: read('jitter', defaults.jitter),
    },
    timeoutMs: read('timeout', defaults.timeoutMs),
    graceMs: read('grace', defaults.graceMs),
    cwd: read<string | null>('cwd', null),
    env: read<Readonly<Record<string, string>>>('env', {}),
    stdin: read<string | null>('stdin', null),
    stdinFile: read<string | null>('stdin_file', null),
    stragglers: read<Stragglers>('stragglers', 'end'),
    user: read<string | null>('user', null),
    nice: read<number | null>('nice', null),
    umask: read<string | null>('umask', null),
    memoryLimitBytes: read<number | null>('memory_limit', null),
    cpuLimitMs: read<number | null>('cpu_limit', null),
    openFilesLimit: read<number | null>('open_files_limit', null),
    processLimit: read<number | null>('process_limit', null),
  };
}
