/** Which jobs are meant: the tree that a filter's words become, and a store its condition. Pure. */
import { STATES } from '../state.js';
import type { State } from '../state.js';

export type TextField =
  'queue' | 'tag' | 'command' | 'label' | 'handler' | 'signal' | 'reason' | 'outcome' | 'worker';
export type NumberField = 'exit' | 'priority' | 'attempts' | 'crashes' | 'run' | 'max_retries' | 'took';
export type TimeField = 'created' | 'updated' | 'started' | 'ended' | 'due';

/** Both ends belong to it; null: it has no such end. */
export interface Range {
  readonly from: number | null;
  readonly to: number | null;
}

/** An instant, or so long from the moment at which the store looks; negative: before it. */
export type Moment = { readonly atMs: number } | { readonly fromNowMs: number };

export type Filter =
  /** Empty: every job, and none. */
  | { readonly kind: 'every' | 'some'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  | JobsFilter
  | { readonly kind: 'state'; readonly states: readonly State[] }
  /** One of the values, exactly. */
  | { readonly kind: 'text'; readonly field: TextField; readonly values: readonly string[] }
  /** Anywhere in it, whatever the case of its letters A to Z. */
  | { readonly kind: 'contains'; readonly field: TextField; readonly text: string }
  | { readonly kind: 'number'; readonly field: NumberField; readonly ranges: readonly Range[] }
  | {
      readonly kind: 'time';
      readonly field: TimeField;
      readonly side: 'after' | 'before';
      readonly at: Moment;
    };

/** Jobs by name: any of these. */
export interface JobsFilter {
  readonly kind: 'jobs';
  readonly ids: readonly string[];
  /** Of sequence numbers, for jobs without a name of their own. */
  readonly ranges: readonly Range[];
  /** The one that was stored last. */
  readonly last: boolean;
}

export const EVERY_JOB: Filter = { kind: 'every', of: [] };

/** The states that a job of this filter can be in; it may be none of them all the same. */
export function statesOf(filter: Filter): readonly State[] {
  switch (filter.kind) {
    case 'state':
      return STATES.filter((state) => filter.states.includes(state));
    case 'every':
      return STATES.filter((state) => filter.of.every((part) => statesOf(part).includes(state)));
    case 'some':
      return STATES.filter((state) => filter.of.some((part) => statesOf(part).includes(state)));
    case 'not':
      return filter.of.kind === 'state' ? without(filter.of.states) : STATES;
    default:
      return STATES;
  }
}

function without(states: readonly State[]): readonly State[] {
  return STATES.filter((state) => !states.includes(state));
}

/** The ids, where the filter is nothing but a list of them; null for anything else. */
export function idsOf(filter: Filter): readonly string[] | null {
  return filter.kind === 'jobs' && filter.ranges.length === 0 && !filter.last ? filter.ids : null;
}

/** A part that every job of the filter meets and that few jobs meet: they can be found by it. */
export function narrowestOf(filter: Filter): JobsFilter | (Filter & { readonly kind: 'text' }) | null {
  const parts = filter.kind === 'every' ? filter.of : [filter];
  for (const part of parts) if (part.kind === 'jobs') return part;
  for (const part of parts) if (part.kind === 'text' && part.field === 'tag') return part;
  return null;
}
