import type { PendingCancel } from './cancel.js';
import type { State } from './state.js';

/** A string is a line for `/bin/sh -c`; a list is an exact argv, run without a shell. */
export type Command = string | readonly string[];

export interface Backoff {
  /** Seconds; the delay before retry n is base ^ n. */
  readonly base: number;
  readonly maxMs: number | null;
  /** 0 to 1: the part of each delay that chance may take away. */
  readonly jitter: number;
}

/** What JSON can say. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** How and where a job's process runs. */
export interface RunOptions {
  readonly timeoutMs: number | null;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Null: the worker's own directory. */
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Its standard input; not both, null: none. */
  readonly stdin: string | null;
  readonly stdinFile: string | null;
  readonly stragglers: Stragglers;
  /** A name or a uid. Null, here and below: the worker's own. */
  readonly user: string | null;
  readonly nice: number | null;
  /** Three octal digits. */
  readonly umask: string | null;
  readonly memoryLimitBytes: number | null;
  /** Whole seconds. */
  readonly cpuLimitMs: number | null;
  readonly openFilesLimit: number | null;
  readonly processLimit: number | null;
}

/** What becomes of processes that outlive a job's command. */
export type Stragglers = 'end' | 'leave';

/** A job that passed every check and is not stored yet. */
export interface NewJob extends RunOptions {
  /** Null: the job is shown by its sequence number. */
  readonly id: string | null;
  /** Null: it is for a handler. */
  readonly command: Command | null;
  /** The function of a program that is to run it; null: it is a command. */
  readonly handler: string | null;
  /** What the handler gets; null for a command. */
  readonly payload: JsonValue;
  readonly queue: string;
  readonly priority: number;
  /** When it may start: an instant, or a delay from the moment the store takes it. */
  readonly start: { readonly atMs: number } | { readonly delayMs: number };
  /** It waits for a person's release, whatever its time. */
  readonly hold: boolean;
  /** To find it by: each is a name. */
  readonly tags: readonly string[];
  /** A person's words for it. */
  readonly label: string | null;
  readonly maxRetries: number;
  readonly backoff: Backoff;
}

interface JobFacts extends Omit<NewJob, 'id' | 'start' | 'hold'> {
  readonly seq: number;
  /** The id that people use: the job's own, or its sequence number in digits. */
  readonly id: string;
  readonly runAtMs: number;
  /** How many runs failed. */
  readonly attempts: number;
  /** How many runs ended because their worker died. */
  readonly crashes: number;
  /** The number of the latest run, from 1; 0 before the first. Never lowered: it is the fencing token. */
  readonly run: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** How the latest run ended. */
interface Ending {
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** In plain words; null where there is nothing to explain. */
  readonly reason: string | null;
}

interface WaitingJob extends JobFacts {
  readonly state: 'scheduled' | 'pending' | 'blocked' | 'held';
}

export interface ProcessingJob extends JobFacts {
  readonly state: 'processing';
  readonly sessionId: number;
  readonly startedAtMs: number;
  /** A person has asked for its end. */
  readonly cancel: PendingCancel | null;
}

interface EndedJob extends JobFacts, Ending {
  readonly state: 'failed' | 'completed' | 'dead' | 'cancelled';
}

/** A stored job. Each state carries only the data it has: narrow on `state`. */
export type Job = WaitingJob | ProcessingJob | EndedJob;

/** What a run took; memory is the largest single process's. */
export interface Usage {
  readonly userMs: number;
  readonly systemMs: number;
  readonly maxRssKb: number;
}

/** One execution of a job. */
export interface Run {
  readonly seq: number;
  readonly run: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly outcome: OutcomeKind;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  /** Null where the launcher could not tell. */
  readonly usage: Usage | null;
  readonly outputBytes: number;
  /** Null where the output is in a file of its own, or there is none. */
  readonly output: Uint8Array | null;
  /** What a handler returned; null where it returned nothing, and for a command. */
  readonly result: JsonValue;
}

export type OutcomeKind = 'success' | 'failure' | 'timeout' | 'cancelled' | 'given_back' | 'lost';

/** Jobs in each state. */
export type Counts = Readonly<Record<State, number>>;
