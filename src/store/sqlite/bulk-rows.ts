/** Many rows for one statement, since what a driver costs is the values it is handed one by one. */
import type { SqlValue } from './driver.js';

/** Fewer go one by one: a table in memory for the JSON costs more than they do. */
export const MANY = 16;

export interface BulkRows {
  /** What stands for each column in a statement that reads `json_each` of the text below. */
  readonly expressions: readonly string[];
  readonly json: string;
  /** For the parameters from the first one on. */
  readonly shared: readonly SqlValue[];
}

/**
 * A column that is the same in all rows is bound once, from `firstParameter` on; the others, and always the key, travel as
 * one JSON text. So there is one statement for each set of columns that vary: few, and each is prepared once.
 */
export function bulkRows(
  rows: readonly (readonly SqlValue[])[],
  key: number,
  firstParameter: number,
): BulkRows {
  const [first = []] = rows;
  const varying = first.flatMap((value, column) =>
    column === key || rows.some((row) => row[column] !== value) ? [column] : [],
  );
  const shared = first.filter((_, column) => !varying.includes(column));
  const isOne = varying.length === 1;
  const values = rows.map((row) => (isOne ? row[key] : varying.map((column) => row[column])));
  let parameter = firstParameter;
  const expressions = first.map((_, column) => {
    const place = varying.indexOf(column);
    if (place === -1) return `?${parameter++}`;
    return isOne ? 'value' : `value ->> ${place}`;
  });
  return { expressions, json: JSON.stringify(values), shared };
}
