/** Between a worker that is started in the background and the command that waits until it runs: one line, by a pipe. */
import { closeSync, writeSync } from 'node:fs';
import { QueueError } from '../errors.js';
import type { ErrorCode } from '../errors.js';

/** Set for the background process alone; its value is the path of the log. */
export const DETACHED_VARIABLE = 'QUEUECTL_DETACHED_LOG';
/** The pipe's descriptor there. */
const PIPE = 3;

/** What the background process says. */
export type FirstWord =
  | { readonly ready: true }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly hint?: string | undefined;
      };
    };

/** The background process's end. */
export class DetachedLink {
  readonly log: string;
  #hasSpoken = false;

  private constructor(log: string) {
    this.log = log;
  }

  /** Null in a process that was not started so. The mark is taken away: it must not reach jobs. */
  static take(env: NodeJS.ProcessEnv): DetachedLink | null {
    const log = env[DETACHED_VARIABLE];
    delete env[DETACHED_VARIABLE];
    return log === undefined || log === '' ? null : new DetachedLink(log);
  }

  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  ready(): void {
    this.#say({ ready: true });
  }

  fail(error: unknown): void {
    const { code, message, hint } = toQueueError(error);
    this.#say({ error: { code, message, hint } });
  }

  #say(word: FirstWord): void {
    if (this.#hasSpoken) return;
    this.#hasSpoken = true;
    try {
      writeSync(PIPE, `${JSON.stringify(word)}\n`);
      closeSync(PIPE);
    } catch {
      // The command that started us has gone: the worker is none the worse for it.
    }
  }
}

export function toQueueError(error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  return new QueueError('internal', error instanceof Error ? error.message : String(error));
}
