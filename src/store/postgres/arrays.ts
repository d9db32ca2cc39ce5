/** Many values as one parameter: what a statement of many rows takes is a list for each column. */
import type { SqlValue } from '../rows/row.js';

/** Of numbers, booleans and nulls. */
export function plainArray(values: readonly (number | boolean | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

export function textArray(values: readonly (string | null)[]): string {
  // Most rows of a batch say the same: it is written once.
  let [last, text] = ['', '""'];
  const elements = values.map((value) => {
    if (value === last) return text;
    if (value === null) return 'NULL';
    [last, text] = [value, textElement(value)];
    return text;
  });
  return `{${elements.join(',')}}`;
}

function textElement(value: string): string {
  return `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, String.raw`\$&`) : value}"`;
}

function bytesArray(values: readonly (Uint8Array | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : bytesElement(value))).join(',')}}`;
}

function bytesElement(value: Uint8Array): string {
  const hex = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  return String.raw`"\\x${hex}"`;
}

/** The values of one column, of that type. A list that is shorter than the others of its statement goes on with NULLs. */
export function columnArray(type: string, values: readonly SqlValue[]): string {
  if (values.every((value) => value === null)) return '{}';
  switch (type) {
    case 'text':
      return textArray(values as (string | null)[]);
    case 'bytea':
      return bytesArray(values as (Uint8Array | null)[]);
    default:
      return plainArray(values as (number | null)[]);
  }
}
