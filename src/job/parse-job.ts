/** What a caller gave becomes a job, or a plain refusal. Pure. */
import { usageError } from '../errors.js';
import type { Command, JsonValue, NewJob, Stragglers } from './job.js';
import { readValue } from './option-kinds.js';
import type { OptionKind } from './option-kinds.js';
import { JOB_DEFAULTS, JOB_OPTIONS, PROCESS_OPTIONS } from './options.js';
import type { JobDefaults } from './options.js';
import { show, unknownWord } from './show-value.js';

interface CheckedOption {
  readonly kind: OptionKind;
  /** How errors name it. */
  readonly label: string;
}

const OPTION_NAMES: readonly string[] = JOB_OPTIONS.map((option) => option.name);
const OPTIONS: ReadonlyMap<string, CheckedOption> = new Map(
  JOB_OPTIONS.map(({ name, value }) => [name, { kind: value, label: `"${name}"` }]),
);

/**
 * What was given, as `readValue` returns it: it has checked each value against its row of the table, and this is where
 * a value gets its type.
 */
interface Given {
  id?: string;
  command?: Command;
  handler?: string;
  payload?: JsonValue;
  queue?: string;
  priority?: number;
  run_at?: number;
  delay?: number;
  hold?: boolean;
  tags?: readonly string[];
  label?: string;
  max_retries?: number;
  backoff_base?: number;
  backoff_max?: number;
  jitter?: number;
  timeout?: number;
  grace?: number;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  stdin_file?: string;
  stragglers?: Stragglers;
  user?: string;
  nice?: number;
  umask?: string;
  memory_limit?: number;
  cpu_limit?: number;
  open_files_limit?: number;
  process_limit?: number;
}

const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_ENV: Readonly<Record<string, string>> = Object.freeze({});

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
  return toNewJob(readFields(input as Readonly<Record<string, unknown>>), defaults);
}

/** Each field by itself. Throws `usage` for one that is unknown or wrong; null and undefined are not given. */
export function readFields(fields: Readonly<Record<string, unknown>>): Given {
  const given: Record<string, unknown> = {};
  // A million jobs come through here: neither pairs nor a Map are made for each.
  for (const name of Object.keys(fields)) {
    const option = OPTIONS.get(name);
    if (option === undefined) throw unknownWord('field', name, OPTION_NAMES);
    const value = fields[name];
    if (value !== null && value !== undefined) given[name] = readValue(option.kind, value, option.label);
  }
  return given;
}

function toNewJob(given: Given, defaults: JobDefaults): NewJob {
  const { command, handler, run_at: atMs } = given;
  if (handler !== undefined) refuseWithHandler(given);
  else if (command === undefined) throw usageError('job has no "command"', 'queuectl enqueue -- sleep 2');
  else if (given.payload !== undefined)
    throw usageError('"payload" is for a job with a "handler"', 'a command gets its input by "stdin"');
  if (atMs !== undefined && given.delay !== undefined)
    throw usageError('"run_at" and "delay" exclude each other', 'give one of them');
  if (given.stdin !== undefined && given.stdin_file !== undefined)
    throw usageError('"stdin" and "stdin_file" exclude each other', 'give one of them');
  return {
    id: given.id ?? null,
    command: command ?? null,
    handler: handler ?? null,
    payload: given.payload ?? null,
    queue: given.queue ?? 'default',
    priority: given.priority ?? 0,
    start: atMs === undefined ? { delayMs: given.delay ?? 0 } : { atMs },
    hold: given.hold ?? false,
    tags: given.tags ?? NO_TAGS,
    label: given.label ?? null,
    maxRetries: given.max_retries ?? defaults.maxRetries,
    backoff: {
      base: given.backoff_base ?? defaults.backoffBase,
      maxMs: given.backoff_max ?? defaults.backoffMaxMs,
      jitter: given.jitter ?? defaults.jitter,
    },
    timeoutMs: given.timeout ?? defaults.timeoutMs,
    graceMs: given.grace ?? defaults.graceMs,
    cwd: given.cwd ?? null,
    env: given.env ?? NO_ENV,
    stdin: given.stdin ?? null,
    stdinFile: given.stdin_file ?? null,
    stragglers: given.stragglers ?? 'end',
    user: given.user ?? null,
    nice: given.nice ?? null,
    umask: given.umask ?? null,
    memoryLimitBytes: given.memory_limit ?? null,
    cpuLimitMs: given.cpu_limit ?? null,
    openFilesLimit: given.open_files_limit ?? null,
    processLimit: given.process_limit ?? null,
  };
}

function refuseWithHandler(given: Given): void {
  const found = Object.keys(given).find((name) => name === 'command' || PROCESS_OPTIONS.has(name));
  if (found !== undefined)
    throw usageError(`"handler" and "${found}" exclude each other`, 'a handler gets its input by "payload"');
}
