/** What a program asks of a worker. */
import type { AnyHandlers, HandlerTypes } from '../job/input.js';
import type { Launcher } from '../launcher/launcher.js';
import type { Retention } from '../maintenance/prune.js';
import type { Handlers } from './handlers.js';

export interface WorkerOptions<H extends HandlerTypes<H> = AnyHandlers> {
  /** How many jobs run at once. */
  readonly slots: number;
  /** Functions of this program, for jobs that name one; see Handler. */
  readonly handlers?: Handlers<H>;
  /** Whether it runs commands, too; true by default. Without, it starts no launcher. */
  readonly commands?: boolean;
  /** No two living workers have the same; the first of w1, w2, … that is free, by default. */
  readonly name?: string | undefined;
  /** Null or missing: every queue. */
  readonly queues?: readonly string[] | null;
  /** How often to look when nobody rings. */
  readonly pollIntervalMs?: number;
  /** The most that is kept of what a run prints; the launcher's default. */
  readonly maxOutputBytes?: number;
  /** End when the queues hold nothing pending, processing or waiting for a retry. */
  readonly untilEmpty?: boolean;
  /** After a stop: when jobs that still run are ended, with their grace, and given back; never, by default. */
  readonly drainTimeoutMs?: number | undefined;
  /** How long jobs are kept after their end; missing: the worker removes none. */
  readonly retention?: Retention;
  /** The native one where there is one, else Node's, by default. One that is given is not closed. */
  readonly launcher?: Launcher;
}

/** What may be changed while it runs. */
export interface ChangedOptions {
  readonly pollIntervalMs: number;
  readonly maxOutputBytes: number;
  readonly retention?: Retention;
}
