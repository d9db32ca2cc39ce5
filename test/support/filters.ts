/** Random filters, and their text: for tests of the parser and of the stores. */
import fc from 'fast-check';
import type { Filter, JobsFilter, Moment, Range } from '../../src/job/filter/filter.js';
import { STATES } from '../../src/job/state.js';

/** The values from which the terms are made, so that some of them are met. */
export interface FilterValues {
  readonly texts: readonly string[];
  readonly ids: readonly string[];
  readonly atMs: readonly number[];
}

const TEXT_FIELDS = ['queue', 'tag', 'command', 'label', 'handler', 'reason'] as const;
const NUMBER_FIELDS = ['exit', 'priority', 'attempts', 'crashes', 'run', 'max_retries', 'took'] as const;
const TIME_FIELDS = ['created', 'updated', 'started', 'ended', 'due'] as const;
const OUTCOMES = ['success', 'failure', 'cancelled', 'given_back'];

const some = <T>(of: readonly T[], most = 3): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: most });

function ranges(least: number): fc.Arbitrary<Range[]> {
  const end = fc.integer({ min: least, max: 4 });
  const range = fc.oneof(
    end.map((n) => ({ from: n, to: n })),
    fc.tuple(end, end).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
    end.map((from) => ({ from, to: null })),
    end.map((to) => ({ from: null, to })),
  );
  return fc.array(range, { minLength: 1, maxLength: 2 });
}

function jobs(ids: readonly string[]): fc.Arbitrary<JobsFilter> {
  const seq = fc.integer({ min: 1, max: 250 });
  return fc
    .record({
      kind: fc.constant('jobs' as const),
      ids: fc.uniqueArray(fc.oneof(seq.map(String), fc.constantFrom(...ids)), { maxLength: 4 }),
      ranges: fc.array(
        fc.tuple(seq, seq).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
        { maxLength: 2 },
      ),
      last: fc.boolean(),
    })
    .filter((found) => found.ids.length + found.ranges.length > 0 || found.last);
}

/** Each tree is one that the parser may return: a list of jobs stands once, and first. */
export function filters({ texts, ids, atMs }: FilterValues): fc.Arbitrary<Filter> {
  const moment: fc.Arbitrary<Moment> = fc.oneof(
    fc.constantFrom(...atMs).map((at) => ({ atMs: at })),
    fc.constantFrom(-1_800_000, 1_800_000, -86_400_000).map((fromNowMs) => ({ fromNowMs })),
  );
  const term: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ kind: fc.constant('state' as const), states: some(STATES) }),
    fc.record({
      kind: fc.constant('text' as const),
      field: fc.constantFrom(...TEXT_FIELDS),
      values: some(texts),
    }),
    fc.record({
      kind: fc.constant('text' as const),
      field: fc.constant('outcome' as const),
      values: some(OUTCOMES),
    }),
    fc.record({
      kind: fc.constant('contains' as const),
      field: fc.constantFrom(...TEXT_FIELDS),
      text: fc.constantFrom(...texts),
    }),
    fc.constantFrom(...NUMBER_FIELDS).chain((field) =>
      fc.record({
        kind: fc.constant('number' as const),
        field: fc.constant(field),
        ranges: ranges(field === 'took' ? 0 : -2),
      }),
    ),
    fc.record({
      kind: fc.constant('time' as const),
      field: fc.constantFrom(...TIME_FIELDS),
      side: fc.constantFrom('after' as const, 'before' as const),
      at: moment,
    }),
  );
  return fc.letrec<{ tree: Filter }>((tie) => {
    const many = fc.array(tie('tree'), { minLength: 2, maxLength: 3 });
    return {
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        term,
        jobs(ids),
        tie('tree').map((of) => ({ kind: 'not' as const, of })),
        many.map((of) => ({ kind: 'some' as const, of })),
        many.filter((of) => of.filter(isJobs).length < 2).map((of) => ({ kind: 'every' as const, of })),
      ),
    };
  }).tree;
}

function isJobs({ kind }: Filter): boolean {
  return kind === 'jobs';
}

/** Words from which the parser makes the same tree. */
export function textOf(filter: Filter): string {
  const inner = (part: Filter): string =>
    part.kind === 'every' || part.kind === 'some' ? `(${textOf(part)})` : textOf(part);
  switch (filter.kind) {
    case 'every':
      return filter.of.map(inner).join(' ');
    case 'some':
      return filter.of.map(inner).join(' or ');
    case 'not':
      return `not ${inner(filter.of)}`;
    case 'jobs':
      return [
        ...filter.ids,
        ...filter.ranges.map(({ from, to }) => `${from}-${to}`),
        ...(filter.last ? ['last'] : []),
      ].join(',');
    case 'state':
      return `state:${filter.states.join(',')}`;
    case 'text':
      return `${filter.field}:${filter.values.map(quoted).join(',')}`;
    case 'contains':
      return `${filter.field}~${quoted(filter.text)}`;
    case 'number': {
      const unit = filter.field === 'took' ? 'ms' : '';
      const end = (n: number | null): string => (n === null ? '' : `${n}${unit}`);
      const parts = filter.ranges.map(({ from, to }) =>
        from === to ? end(from) : `${end(from)}..${end(to)}`,
      );
      return `${filter.field}:${parts.join(',')}`;
    }
    case 'time': {
      const { at } = filter;
      const ms =
        'atMs' in at
          ? new Date(at.atMs).toISOString()
          : `${at.fromNowMs < 0 ? '-' : '+'}${Math.abs(at.fromNowMs)}ms`;
      return `${filter.field}-${filter.side}:${ms}`;
    }
  }
}

function quoted(text: string): string {
  const quote = text.includes('"') ? `'` : '"';
  return `${quote}${text}${quote}`;
}
