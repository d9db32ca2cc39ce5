/**
 * A filter as a condition on a row of `jobs`. What a person wrote is bound, never part of the text; each `?` stands for one
 * value, and `numbered` counts them once the statement is whole.
 */
import type { Filter, JobsFilter, Range, TextField } from '../../job/filter/filter.js';
import { narrowestOf } from '../../job/filter/filter.js';
import {
  isSequenceNumber,
  joined,
  known,
  NUMBER_COLUMNS,
  TIME_COLUMNS,
  tookIn,
  inStates,
} from '../rows/condition.js';
import type { Condition } from '../rows/condition.js';
import { plainArray, textArray } from './arrays.js';
import { NOW_MS } from './now.js';

const TOOK = tookIn('queuectl.runs');

/** Each `?` as `$1`, `$2` … in its turn. */
export function numbered(sql: string): string {
  let parameter = 0;
  return sql.replaceAll('?', () => `$${(parameter += 1)}`);
}

export function whereOf(filter: Filter): Condition {
  switch (filter.kind) {
    case 'every':
      return joined('AND', filter.of.map(whereOf));
    case 'some':
      return joined('OR', filter.of.map(whereOf));
    case 'not': {
      const { sql, values } = whereOf(filter.of);
      return { sql: `NOT ${sql}`, values };
    }
    case 'jobs': {
      const { sql, values } = seqsOfJobs(filter);
      return { sql: `(seq IN (${sql}))`, values };
    }
    case 'state':
      return { sql: inStates(filter.states), values: [] };
    case 'text':
      return anyText(filter.field, IS, filter.values);
    case 'contains':
      return anyText(filter.field, CONTAINS, [patternOf(filter.text)]);
    case 'number':
      return inRanges(filter.field === 'took' ? TOOK : NUMBER_COLUMNS[filter.field], filter.ranges);
    case 'time': {
      const [at, value] =
        'atMs' in filter.at
          ? ['?::double precision', filter.at.atMs]
          : [`${NOW_MS} + ?::double precision`, filter.at.fromNowMs];
      return known(`${TIME_COLUMNS[filter.field]} ${filter.side === 'after' ? '>=' : '<'} ${at}`, [value]);
    }
  }
}

/** In "C", `lower` knows the letters A to Z and no others. */
const IS: Comparison = (column) => `${column} = ?`;
const CONTAINS: Comparison = (column) => `lower(${column} COLLATE "C") LIKE ?`;

type Comparison = (column: string) => string;

function patternOf(text: string): string {
  const lower = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return `%${lower.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

function anyText(field: TextField, comparison: Comparison, values: readonly string[]): Condition {
  const texts = values.filter(canBeStored);
  if (texts.length === 0) return { sql: 'FALSE', values: [] };
  const any = (column: string): string => `(${texts.map(() => comparison(column)).join(' OR ')})`;
  switch (field) {
    case 'tag':
      return {
        sql: `EXISTS (SELECT 1 FROM queuectl.tags WHERE tags.seq = jobs.seq AND ${any('tags.tag')})`,
        values: texts,
      };
    case 'outcome':
      return {
        sql: `EXISTS (SELECT 1 FROM queuectl.runs WHERE runs.seq = jobs.seq AND runs.run = jobs.run AND ${any('runs.outcome')})`,
        values: texts,
      };
    case 'worker':
      return known(`session_id IN (SELECT session_id FROM queuectl.workers WHERE ${any('name')})`, texts);
    default:
      return known(any(field), texts);
  }
}

/** The server can keep no NUL, so nothing that is stored has one. */
function canBeStored(text: string): boolean {
  return !text.includes('\0');
}

/** As floating point, which holds any number that a person may write. */
function inRanges(column: string, ranges: readonly Range[]): Condition {
  const [number, bound] = [`(${column})::double precision`, '?::double precision'];
  const parts = ranges.map(({ from, to }): Condition => {
    if (from !== null && to !== null)
      return { sql: `${number} BETWEEN ${bound} AND ${bound}`, values: [from, to] };
    if (from !== null) return { sql: `${number} >= ${bound}`, values: [from] };
    return to === null
      ? { sql: `${column} IS NOT NULL`, values: [] }
      : { sql: `${number} <= ${bound}`, values: [to] };
  });
  return known(
    `(${parts.map(({ sql }) => sql).join(' OR ')})`,
    parts.flatMap(({ values }) => values),
  );
}

/** The numbers of these jobs, each found by its index. */
function seqsOfJobs({ ids, ranges, last }: JobsFilter): Condition {
  const numbers = ids.filter(isSequenceNumber).map(Number);
  const names = ids.filter((id) => !isSequenceNumber(id) && canBeStored(id));
  const parts: Condition[] = ranges.map(({ from, to }) => ({
    sql: 'SELECT seq FROM queuectl.jobs WHERE seq BETWEEN ?::bigint AND ?::bigint AND id IS NULL',
    values: [from ?? 0, to ?? Number.MAX_SAFE_INTEGER],
  }));
  if (numbers.length > 0)
    parts.push({
      sql: 'SELECT seq FROM queuectl.jobs WHERE seq = ANY (?::bigint[]) AND id IS NULL',
      values: [plainArray(numbers)],
    });
  if (names.length > 0)
    parts.push({
      sql: 'SELECT seq FROM queuectl.jobs WHERE id = ANY (?::text[])',
      values: [textArray(names)],
    });
  if (last) parts.push({ sql: 'SELECT max(seq) FROM queuectl.jobs', values: [] });
  if (parts.length === 0) parts.push({ sql: 'SELECT NULL::bigint WHERE FALSE', values: [] });
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
    sql: 'SELECT seq FROM queuectl.tags WHERE tag = ANY (?::text[])',
    values: [textArray(part.values.filter(canBeStored))],
  };
}
