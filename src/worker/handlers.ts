/** Functions of a program that run jobs inside of it, beside the commands that a launcher runs. */
import type { AnyHandlers, HandlerType, HandlerTypes } from '../job/input.js';
import type { ProcessingJob } from '../job/job.js';
import { readValue } from '../job/option-kinds.js';

/** The job that a handler runs, with the payload that it was enqueued with. */
export interface HandlerJob<Payload> extends Omit<ProcessingJob, 'payload'> {
  readonly payload: Payload;
}

/** What a handler is given beside its job. */
export interface HandlerContext {
  /** Made when it is asked for, since that takes longer than the rest of a run that does nothing. */
  readonly signal: AbortSignal;
}

/**
 * Runs one job. What it returns is kept as JSON, `undefined` as nothing; what it throws is a failed run, which is retried
 * as a failed command is. The signal of its context tells it to end: the job was cancelled, its time is over, or its worker stops.
 * Whatever it does after that, the run does not count as completed. Until it has ended, its slot stays taken: a
 * function cannot be killed, and the job may not run twice at once.
 */
export type Handler<T extends HandlerType = HandlerType> = (
  job: HandlerJob<T['payload']>,
  context: HandlerContext,
) => T['result'] | Promise<T['result']>;

export type Handlers<H extends HandlerTypes<H> = AnyHandlers> = {
  readonly [K in keyof H]?: Handler<H[K]>;
};

/** A handler whose job is not known to the compiler: what the worker holds. */
export type AnyHandler = (job: HandlerJob<never>, context: HandlerContext) => unknown;

/** By name; a program names only those that it has. */
export function handlerMap(
  handlers: Readonly<Record<string, AnyHandler | undefined>>,
): Map<string, AnyHandler> {
  const entries = Object.entries(handlers).flatMap(([name, handler]) =>
    handler === undefined ? [] : [[name, handler] as const],
  );
  for (const [name] of entries) readValue({ kind: 'name' }, name, `the handler's name`);
  return new Map(entries);
}

/** A claim asks for jobs of these alone. */
export function handlerOf(handlers: ReadonlyMap<string, AnyHandler>, name: string): AnyHandler {
  const handler = handlers.get(name);
  if (handler === undefined) throw new Error(`a job was claimed for the handler ${name}, which is not here`);
  return handler;
}
