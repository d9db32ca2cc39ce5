/** The one table of job options: it feeds the JSON parser, the flags, the settings, the help and the docs. */
import { usageError } from '../errors.js';
import { DAY, SECOND } from '../time.js';
import { LONGEST_DELAY_MS } from './backoff.js';
import type { Command, NewJob } from './job.js';
import { readValue, show, unknownWord } from './option-kinds.js';
import type { OptionKind } from './option-kinds.js';

export interface JobOption {
  /** The JSON field; its flag is the same word with dashes. */
  readonly name: string;
  readonly value: OptionKind;
  /** One-letter flag. */
  readonly short?: string;
  /** The flag's name where it is not the field's. */
  readonly flag?: string;
  /** What stands for the value in the help. */
  readonly argument: string;
  readonly help: string;
  /** The default as a person writes it; such an option is a setting too (`config set`). */
  readonly setting?: string | number | null;
}

const duration = (minMs: number, maxMs: number): OptionKind => ({ kind: 'duration', minMs, maxMs });

export const JOB_OPTIONS = [
  {
    name: 'id',
    value: { kind: 'id' },
    argument: 'ID',
    help: 'a name of your own, unique among the stored jobs; else it gets a number',
  },
  {
    name: 'command',
    value: { kind: 'command' },
    argument: 'COMMAND',
    help: 'a string for /bin/sh -c, or a list of words run without a shell',
  },
  {
    name: 'queue',
    value: { kind: 'name' },
    short: 'g',
    argument: 'NAME',
    help: 'the queue it waits in (default)',
  },
  {
    name: 'priority',
    value: { kind: 'integer', min: -1_000_000, max: 1_000_000 },
    short: 'o',
    argument: 'N',
    help: 'higher runs first (0)',
  },
  {
    name: 'run_at',
    value: { kind: 'instant' },
    flag: 'at',
    argument: 'TIME',
    help: 'not before this time: ISO 8601, or milliseconds since 1970',
  },
  {
    name: 'delay',
    value: duration(0, 10 * 365 * DAY),
    short: 'd',
    argument: 'DURATION',
    help: 'not before this long from now: "10m"',
  },
  {
    name: 'max_retries',
    value: { kind: 'integer', min: 0, max: 10_000 },
    argument: 'N',
    setting: 3,
    help: 'runs in all before the job is dead: 2 is two runs; 0 and 1 both mean one run',
  },
  {
    name: 'backoff_base',
    value: { kind: 'number', min: 1, max: 100 },
    argument: 'N',
    setting: 2,
    help: 'retry n waits N^n seconds',
  },
  {
    name: 'backoff_max',
    value: duration(0, LONGEST_DELAY_MS),
    argument: 'DURATION',
    setting: null,
    help: 'no retry waits longer',
  },
  {
    name: 'jitter',
    value: { kind: 'number', min: 0, max: 1 },
    argument: 'PART',
    setting: 0,
    help: 'the part of each wait that chance may take away, 0 to 1',
  },
  {
    name: 'timeout',
    value: duration(1, 365 * DAY),
    argument: 'DURATION',
    setting: null,
    help: 'end a run that takes longer',
  },
  {
    name: 'grace',
    value: duration(0, DAY),
    argument: 'DURATION',
    setting: '10s',
    help: 'between TERM and KILL when a run is ended',
  },
  {
    name: 'cwd',
    value: { kind: 'path' },
    short: 'w',
    argument: 'DIR',
    help: 'the directory it runs in (where you are)',
  },
  {
    name: 'env',
    value: { kind: 'environment' },
    short: 'e',
    argument: 'NAME=VALUE',
    help: 'a variable for the job; may be given many times',
  },
] as const satisfies readonly JobOption[];

/** The document that `queuectl enqueue` takes: the table above as a type. */
export interface JobInput {
  id?: string;
  command: Command;
  queue?: string;
  priority?: number;
  /** ISO 8601, or milliseconds since the epoch. */
  run_at?: string | number;
  /** "10m"; a number is seconds. So are the other durations. */
  delay?: string | number;
  max_retries?: number;
  backoff_base?: number;
  backoff_max?: string | number;
  jitter?: number;
  timeout?: string | number;
  grace?: string | number;
  /** An absolute path. */
  cwd?: string;
  env?: Record<string, string>;
}

/** What a job gets where its input says nothing. */
export interface JobDefaults {
  readonly maxRetries: number;
  readonly backoffBase: number;
  readonly backoffMaxMs: number | null;
  readonly jitter: number;
  readonly timeoutMs: number | null;
  readonly graceMs: number;
}

export const JOB_DEFAULTS: JobDefaults = {
  maxRetries: 3,
  backoffBase: 2,
  backoffMaxMs: null,
  jitter: 0,
  timeoutMs: null,
  graceMs: 10 * SECOND,
};

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
  };
}
