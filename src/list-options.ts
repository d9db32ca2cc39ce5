/** What a caller asks of a list of jobs, checked. */
import { usageError } from './errors.js';
import { cursorOf, parseCursor } from './job/cursor.js';
import type { JobCursor } from './job/cursor.js';
import type { Filter } from './job/filter/filter.js';
import { parseFilter } from './job/filter/parse-filter.js';
import type { Job } from './job/job.js';
import type { State } from './job/state.js';
import type { ListRequest, Sort } from './job/selection.js';

export interface ListOptions {
  /** In this order; all by default. */
  readonly states?: readonly State[] | undefined;
  readonly queue?: string | undefined;
  /** In the filter language (queuectl help filters), or its tree. Jobs that it names, or finds by a tag, come by number. */
  readonly filter?: string | Filter | undefined;
  /** In place of the order of each state; such a list has no next page. */
  readonly sort?: Sort | undefined;
  readonly limit?: number;
  /** What follows this job, the last one of the page before; or the place where it stood, from `cursorOf`. */
  readonly after?: Job | string | undefined;
}

/** At most 100, where no limit is given. Throws `usage`. */
export function toListRequest({ after, filter, ...options }: ListOptions): ListRequest {
  if (after !== undefined && options.sort !== undefined)
    throw usageError('a sorted list has no next page', 'ask for more at once, or leave the order as it is');
  const tree = filter === undefined ? undefined : toFilter(filter);
  return { limit: 100, ...options, filter: tree, after: placeIn(options.states, after) };
}

export function toFilter(filter: string | Filter): Filter {
  return typeof filter === 'string' ? parseFilter(filter) : filter;
}

/** The queue as a part of a filter. */
export function inQueue(queue: string | undefined): Filter[] {
  return queue === undefined ? [] : [{ kind: 'text', field: 'queue', values: [queue] }];
}

function placeIn(
  states: readonly State[] | undefined,
  after: Job | string | undefined,
): JobCursor | undefined {
  if (after === undefined) return undefined;
  const cursor = parseCursor(typeof after === 'string' ? after : cursorOf(after));
  if (states === undefined || states.includes(cursor.state)) return cursor;
  throw usageError(
    `a list of ${states.join(', ')} jobs has no place among ${cursor.state} ones`,
    'ask for the next page with the same states as for the page before',
  );
}
