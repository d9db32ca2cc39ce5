/** Where a page of a list ended, so that the next one begins behind it. Pure. */
import { usageError } from '../errors.js';
import type { Job } from './job.js';
import { show } from './show-value.js';
import { isState } from './state.js';
import type { State } from './state.js';

/**
 * A place in the order in which each state is listed, not a job: the job that stood there may be gone or have moved on,
 * and the next page still begins where it stood.
 */
export interface JobCursor {
  readonly state: State;
  /** What the state is ordered by: when it may start, began or ended; 0 for what is put aside. */
  readonly atMs: number;
  readonly seq: number;
  /** Pending jobs stand by queue, handler and priority before anything else; '' and 0 for all others. */
  readonly queue: string;
  /** '' for a command. */
  readonly handler: string;
  readonly priority: number;
}

/** The place of this job, as text without spaces: `completed:1764000000000:42`, `pending:1764000000000:42:0:default:`. */
export function cursorOf(job: Job): string {
  const place = `${job.state}:${orderedBy(job)}:${job.seq}`;
  return job.state === 'pending' ? `${place}:${job.priority}:${job.queue}:${job.handler ?? ''}` : place;
}

function orderedBy(job: Job): number {
  switch (job.state) {
    case 'scheduled':
    case 'pending':
    case 'failed':
      return job.runAtMs;
    case 'processing':
      return job.startedAtMs;
    case 'blocked':
    case 'held':
      return 0;
    default:
      return job.finishedAtMs;
  }
}

const CURSOR = /^([a-z]+):(-?\d{1,16}):(\d{1,15})(?::(-?\d{1,16}):([\w.@-]{1,128}):([\w.@-]{0,128}))?$/;

/** What `cursorOf` wrote. Throws `usage`. */
export function parseCursor(text: string): JobCursor {
  const [, state = '', at, seq, priority, queue, handler] = CURSOR.exec(text) ?? [];
  if (!isState(state) || (state === 'pending') !== (queue !== undefined)) throw notACursor(text);
  return {
    state,
    atMs: Number(at),
    seq: Number(seq),
    priority: Number(priority ?? 0),
    queue: queue ?? '',
    handler: handler ?? '',
  };
}

function notACursor(text: string): Error {
  return usageError(
    `${show(text)} is no place in a list`,
    'take it from the note under the page before: --after completed:1764000000000:42',
  );
}
