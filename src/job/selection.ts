/** Which jobs a caller means, and what is told of many at once. */
import type { JobCursor } from './cursor.js';
import type { Filter } from './filter/filter.js';
import type { State } from './state.js';

/** Jobs that the filter means, and that are in one of these states. */
export interface Selection {
  readonly filter: Filter;
  readonly states: readonly State[];
}

export type SortColumn =
  | 'seq'
  | 'queue'
  | 'state'
  | 'priority'
  | 'attempts'
  | 'created_at'
  | 'updated_at'
  | 'run_at'
  | 'started_at'
  | 'finished_at';

export interface Sort {
  readonly by: SortColumn;
  readonly descending: boolean;
}

export interface ListRequest {
  /** In this order. */
  readonly states?: readonly State[] | undefined;
  readonly queue?: string | undefined;
  readonly filter?: Filter | undefined;
  /** In place of the order of each state; looks at every job that is meant. Not with `after`. */
  readonly sort?: Sort | undefined;
  readonly limit: number;
  /** Only what stands behind this place; its state is one of the states. */
  readonly after?: JobCursor | undefined;
}

/** Jobs that ended in the same way, or have the same queue or command. */
export interface JobGroup {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly queue: string | null;
  readonly command: string | null;
  readonly jobs: number;
  /** The one that ended last. */
  readonly exampleId: string;
  readonly lastAtMs: number;
}

export type GroupBy = 'error' | 'queue' | 'command';
