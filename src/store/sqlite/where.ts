/** A filter as a condition on a row of `jobs`. What a person wrote is bound, never part of the text. */
import type { Filter, JobsFilter, Range, TextField } from '../../job/filter/filter.js';
import { narrowestOf } from '../../job/filter/filter.js';
import {
  isSequenceNumber,
  inStates,
  joined,
  known,
  NUMBER_COLUMNS,
  TIME_COLUMNS,
  tookIn,
} from '../rows/condition.js';
import type { Condition } from '../rows/condition.js';

const TOOK = tookIn('runs');

/** `now` is the store's. */
export function whereOf(filter: Filter, now: number): Condition {
  switch (filter.kind) {
    case 'every':
      return joined(
        'AND',
        filter.of.map((part) => whereOf(part, now)),
      );
    case 'some':
      return joined(
        'OR',
        filter.of.map((part) => whereOf(part, now)),
      );
    case 'not': {
      const { sql, values } = whereOf(filter.of, now);
      return { sql: `NOT ${sql}`, values };
    }
    case 'jobs': {
      const { sql, values } = seqsOfJobs(filter);
      return { sql: `(seq IN (${sql}))`, values };
    }
    case 'state':
      return { sql: inStates(filter.states), values: [] };
    case 'text':
      return anyText(filter.field, '= ?', filter.values);
    case 'contains':
      return anyText(filter.field, 'LIKE ? ESCAPE char(92)', [`%${filter.text.replace(/[\\%_]/g, '\\$&')}%`]);
    case 'number':
      return inRanges(filter.field === 'took' ? TOOK : NUMBER_COLUMNS[filter.field], filter.ranges);
    case 'time': {
      const at = 'atMs' in filter.at ? filter.at.atMs : now + filter.at.fromNowMs;
      return known(`${TIME_COLUMNS[filter.field]} ${filter.side === 'after' ? '>=' : '<'} ?`, [at]);
    }
  }
}

function anyText(field: TextField, comparison: string, texts: readonly string[]): Condition {
  const any = (what: string): string => `(${texts.map(() => `${what} ${comparison}`).join(' OR ')})`;
  switch (field) {
    case 'tag':
      return {
        sql: `EXISTS (SELECT 1 FROM tags WHERE tags.seq = jobs.seq AND ${any('tags.tag')})`,
        values: texts,
      };
    case 'outcome':
      return {
        sql: `EXISTS (SELECT 1 FROM runs WHERE runs.seq = jobs.seq AND runs.run = jobs.run AND ${any('runs.outcome')})`,
        values: texts,
      };
    case 'worker':
      return known(`session_id IN (SELECT session_id FROM workers WHERE ${any('name')})`, texts);
    default:
      return known(any(field), texts);
  }
}

function inRanges(column: string, ranges: readonly Range[]): Condition {
  const parts = ranges.map(({ from, to }): Condition => {
    if (from !== null && to !== null) return { sql: `${column} BETWEEN ? AND ?`, values: [from, to] };
    if (from !== null) return { sql: `${column} >= ?`, values: [from] };
    return to === null
      ? { sql: `${column} IS NOT NULL`, values: [] }
      : { sql: `${column} <= ?`, values: [to] };
  });
  return known(
    `(${parts.map(({ sql }) => sql).join(' OR ')})`,
    parts.flatMap(({ values }) => values),
  );
}

/** The numbers of these jobs, each found by its index. */
function seqsOfJobs({ ids, ranges, last }: JobsFilter): Condition {
  const numbers = ids.filter(isSequenceNumber).map(Number);
  const names = ids.filter((id) => !isSequenceNumber(id));
  const parts: Condition[] = ranges.map(({ from, to }) => ({
    sql: 'SELECT seq FROM jobs WHERE seq BETWEEN ? AND ? AND id IS NULL',
    values: [from ?? 0, to ?? Number.MAX_SAFE_INTEGER],
  }));
  if (numbers.length > 0)
    parts.push({
      sql: 'SELECT seq FROM jobs WHERE seq IN (SELECT value FROM json_each(?)) AND id IS NULL',
      values: [JSON.stringify(numbers)],
    });
  if (names.length > 0)
    parts.push({
      sql: 'SELECT seq FROM jobs WHERE id IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(names)],
    });
  if (last) parts.push({ sql: 'SELECT max(seq) FROM jobs', values: [] });
  return {
    sql: parts.map(({ sql }) => sql).join(' UNION ALL '),
    values: parts.flatMap(({ values }) => values),
  };
}

/** The numbers of the few jobs among which those of the filter are, by an index; null: they may be anywhere. */
export function candidatesOf(filter: Filter): Condition | null {
  const part = narrowestOf(filter);
  if (part === null) return null;
  if (part.kind === 'jobs') return seqsOfJobs(part);
  return {
    sql: 'SELECT seq FROM tags WHERE tag IN (SELECT value FROM json_each(?))',
    values: [JSON.stringify(part.values)],
  };
}
