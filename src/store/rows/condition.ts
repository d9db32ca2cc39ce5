/** What both stores make of the parts of a filter. What a person wrote is bound, never part of the text. */
import type { NumberField, TimeField } from '../../job/filter/filter.js';
import type { State } from '../../job/state.js';
import type { SqlValue } from './row.js';

/** Each `?` in it stands for one of the values, in their order. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export const NUMBER_COLUMNS: Readonly<Record<Exclude<NumberField, 'took'>, string>> = {
  exit: 'exit_code',
  priority: 'priority',
  attempts: 'attempts',
  crashes: 'crashes',
  run: 'run',
  max_retries: 'max_retries',
};

export const TIME_COLUMNS: Readonly<Record<TimeField, string>> = {
  created: 'created_at',
  updated: 'updated_at',
  started: 'started_at',
  ended: 'finished_at',
  due: 'run_at',
};

/** How long the last run took that has ended: the times of the job itself are those of the run that goes on, or of a cancel. */
export const tookIn = (runs: string): string =>
  `(SELECT runs.finished_at - runs.started_at FROM ${runs} WHERE runs.seq = jobs.seq AND runs.run = jobs.run)`;

/** A comparison with NULL is unknown, and so would be its opposite: here it is false. */
export function known(sql: string, values: readonly SqlValue[]): Condition {
  return { sql: `coalesce(${sql}, FALSE)`, values };
}

/** The states stand in the text: a bound parameter loses the partial index. */
export function inStates(states: readonly State[]): string {
  return states.length === 0 ? 'FALSE' : `(${states.map((state) => `state = '${state}'`).join(' OR ')})`;
}

export function joined(word: 'AND' | 'OR', conditions: readonly Condition[]): Condition {
  const empty = word === 'AND' ? 'TRUE' : 'FALSE';
  const sql =
    conditions.length === 0 ? empty : conditions.map((condition) => condition.sql).join(` ${word} `);
  return { sql: `(${sql})`, values: conditions.flatMap(({ values }) => values) };
}

const SEQUENCE_NUMBER = /^[1-9]\d{0,14}$/;

/** A number is a sequence number, and only of a job without a name of its own; anything else is a name. */
export function isSequenceNumber(id: string): boolean {
  return SEQUENCE_NUMBER.test(id);
}
