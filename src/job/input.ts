/** The document that makes a job, as a type: the table of options.ts, for commands and for handlers. */
import type { Command, JsonValue, Stragglers } from './job.js';

/** What a program's handler takes and returns, as JSON. */
export interface HandlerType {
  readonly payload?: unknown;
  readonly result?: unknown;
}

/** Of each handler, by its name: `interface Jobs { resize: { payload: { file: string }; result: number } }`. */
export type HandlerTypes<H> = { readonly [K in keyof H]: HandlerType };

/** Where a program says nothing of its handlers, any name takes any JSON. */
export type AnyHandlers = Record<string, { readonly payload: JsonValue; readonly result: unknown }>;

interface JobSettings {
  id?: string;
  queue?: string;
  priority?: number;
  /** ISO 8601, or milliseconds since the epoch. */
  run_at?: string | number;
  /** "10m"; a number is seconds. So are the other durations. */
  delay?: string | number;
  /** Put aside until it is released. */
  hold?: boolean;
  tags?: readonly string[];
  label?: string;
  max_retries?: number;
  backoff_base?: number;
  backoff_max?: string | number;
  jitter?: number;
  timeout?: string | number;
  grace?: string | number;
}

/** A job that runs a command. */
export interface CommandInput extends JobSettings {
  command: Command;
  /** An absolute path. */
  cwd?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** An absolute path. */
  stdin_file?: string;
  stragglers?: Stragglers;
  /** A name or a uid. */
  user?: string | number;
  nice?: number;
  /** Octal digits: "027". */
  umask?: string;
  /** "512M"; a number is bytes. */
  memory_limit?: string | number;
  /** Whole seconds. */
  cpu_limit?: string | number;
  open_files_limit?: number;
  process_limit?: number;
  /** Never: so that the compiler tells the two kinds apart, and refuses what the other one has. */
  handler?: never;
  payload?: never;
}

/** A job for one of the handlers H, with the payload of that one. */
export type HandlerInput<H extends HandlerTypes<H> = AnyHandlers> = {
  [K in keyof H & string]: JobSettings & { handler: K } & PayloadOf<H[K]>;
}[keyof H & string];

/** It may be left out where it may be null or undefined. */
type PayloadOf<T extends HandlerType> = unknown extends T['payload']
  ? { payload?: unknown }
  : null extends T['payload']
    ? { payload?: T['payload'] }
    : undefined extends T['payload']
      ? { payload?: T['payload'] }
      : { payload: T['payload'] };

export type JobInput<H extends HandlerTypes<H> = AnyHandlers> = CommandInput | HandlerInput<H>;
