/** Rows of values: a box on a terminal, TSV in a pipe. */
import { formatInstant, formatLocal } from '../../time.js';
import { harmlessField, harmlessLine } from './harmless.js';

/** Some values read differently for a person and for a program. */
export type Cell = string | number | null | TwoForms;

export interface TwoForms {
  readonly box: string;
  readonly tsv: string;
}

interface Column {
  readonly name: string;
  /** Numbers stand on the right. */
  readonly right?: true;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Local time for a person, ISO 8601 in UTC for a program. */
export function instantCell(instant: number): TwoForms {
  return { box: formatLocal(instant), tsv: formatInstant(instant) };
}

/** A header, then one line a row; tab, newline, backslash and what could act on a terminal are escaped. Never cut. */
export function tsvTable({ columns, rows }: Table): string {
  const lines = [columns.map((column) => column.name), ...rows.map((row) => row.map(tsvField))];
  return lines.map((fields) => `${fields.join('\t')}\n`).join('');
}

function tsvField(cell: Cell): string {
  if (cell === null) return '';
  return harmlessField(typeof cell === 'object' ? cell.tsv : String(cell));
}

/** What a box shows of a cell: one line. */
export function boxText(cell: Cell): string {
  if (cell === null) return '';
  return harmlessLine(typeof cell === 'object' ? cell.box : String(cell));
}

export type Properties = readonly (readonly [name: string, value: Cell])[];

/** Names and values, a line each, the values in one column: for one thing on a terminal. */
export function propertyLines(properties: Properties): string {
  const width = Math.max(...properties.map(([name]) => name.length)) + 2;
  return properties.map(([name, value]) => `${`${name}:`.padEnd(width)}${boxText(value)}\n`).join('');
}
