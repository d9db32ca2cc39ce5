/** The one table of job options: it feeds the JSON parser (parse-job.ts), the flags, the settings, the help and the docs. */
import { DAY, SECOND } from '../time.js';
import { LONGEST_DELAY_MS } from './backoff.js';
import type { OptionKind } from './option-kinds.js';

export interface JobOption {
  /** The JSON field; its flag is the same word with dashes. */
  readonly name: string;
  readonly value: OptionKind;
  /** One-letter flag. */
  readonly short?: string;
  /** The flag's name where it is not the field's. */
  readonly flag?: string;
  /** What stands for the value in the help; none: it is a switch. */
  readonly argument?: string;
  readonly help: string;
  /** The default as a person writes it; such an option is a setting too (`config set`). */
  readonly setting?: string | number | null;
}

/** As much as the launchers take. */
const LONGEST_INPUT_BYTES = 1024 * 1024;

const LONGEST_LABEL_BYTES = 256;

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
    name: 'handler',
    value: { kind: 'name' },
    argument: 'NAME',
    help: 'in place of a command: the function of a program that runs it (docs/api.md)',
  },
  {
    name: 'payload',
    value: { kind: 'json', maxBytes: LONGEST_INPUT_BYTES },
    argument: 'JSON',
    help: 'what the handler gets, at most 1 MiB (null)',
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
    name: 'hold',
    value: { kind: 'switch' },
    help: 'put it aside until release lets it go',
  },
  {
    name: 'tags',
    value: { kind: 'tags' },
    short: 't',
    flag: 'tag',
    argument: 'TAG',
    help: 'a word to find it by; may be given many times',
  },
  {
    name: 'label',
    value: { kind: 'text', maxBytes: LONGEST_LABEL_BYTES },
    short: 'l',
    argument: 'TEXT',
    help: 'a name for people, shown in lists',
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
  {
    name: 'stdin',
    value: { kind: 'text', maxBytes: LONGEST_INPUT_BYTES },
    argument: 'TEXT',
    help: 'its standard input, at most 1 MiB (nothing)',
  },
  {
    name: 'stdin_file',
    value: { kind: 'path' },
    argument: 'FILE',
    help: 'the file that is its standard input when it runs',
  },
  {
    name: 'stragglers',
    value: { kind: 'choice', of: ['end', 'leave'] },
    argument: 'WHAT',
    help: 'what becomes of processes that outlive its command: end (2 seconds later, the default) or leave',
  },
  {
    name: 'user',
    value: { kind: 'user' },
    argument: 'USER',
    help: "who it runs as, by name or uid, without further groups; only a worker of root's can. HOME, USER and LOGNAME stay the worker's unless env sets them",
  },
  {
    name: 'nice',
    value: { kind: 'integer', min: -20, max: 19 },
    argument: 'N',
    help: "its niceness, 19 gives way to all; below the worker's own only for root",
  },
  {
    name: 'umask',
    value: { kind: 'octal' },
    argument: 'MASK',
    help: "its umask in octal digits: 027 (the worker's)",
  },
  {
    name: 'memory_limit',
    value: { kind: 'size', minBytes: 2 ** 20, maxBytes: 2 ** 50 },
    argument: 'SIZE',
    help: 'address space for each of its processes, as ulimit -v: 512M, 2GiB',
  },
  {
    name: 'cpu_limit',
    value: { kind: 'duration', minMs: SECOND, maxMs: 365 * DAY, wholeSeconds: true },
    argument: 'DURATION',
    help: 'CPU time for each of its processes: SIGXCPU then, KILL a second later',
  },
  {
    name: 'open_files_limit',
    value: { kind: 'integer', min: 4, max: 1_048_576 },
    argument: 'N',
    help: 'open files for each of its processes',
  },
  {
    name: 'process_limit',
    value: { kind: 'integer', min: 1, max: 4_194_304 },
    argument: 'N',
    help: 'processes that its user may have on the machine, all together; does not bind root',
  },
] as const satisfies readonly JobOption[];

/** What is set for a process: a handler, which runs inside of a program, has none. */
export const PROCESS_OPTIONS: ReadonlySet<string> = new Set([
  'cwd',
  'env',
  'stdin',
  'stdin_file',
  'stragglers',
  'user',
  'nice',
  'umask',
  'memory_limit',
  'cpu_limit',
  'open_files_limit',
  'process_limit',
]);

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
