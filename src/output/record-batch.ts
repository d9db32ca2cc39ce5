/** The records, or only their headers, at the start of what was read from an offset of a log. */

import {
  decodeHeading,
  decodeRecord,
  GAP_RECORD_BYTES,
  HEADER_BYTES,
  LOG_MAGIC,
  type OutputRecord,
} from './records.js';

export type Gap = Extract<OutputRecord, { kind: 'gap' }>;

interface Batch {
  readonly records: OutputRecord[];
  readonly length: number;
  /** How much must be read to see the next record; 0 where none can follow. */
  readonly needs: number;
  /** The gap between the two halves of a capped log, met at the end of this batch. */
  readonly cut: Gap | null;
}

/** Whole records, of those that begin before `until`. */
export function readBatch(bytes: Uint8Array, offset: number, until: number): Batch {
  const records: OutputRecord[] = [];
  let length = offset === 0 ? LOG_MAGIC.length : 0;
  while (offset + length < until) {
    const decoded = decodeRecord(bytes, length);
    if ('needs' in decoded) return { records, length, needs: decoded.needs, cut: null };
    // Zeros that were not cut out were never written: the machine went down. No record can be found behind them.
    if (decoded.length === 0) return { records, length, needs: 0, cut: null };
    const { record } = decoded;
    const end = offset + length + decoded.length;
    if (record?.kind === 'gap' && record.resumeAt < end) return { records, length, needs: 0, cut: null };
    if (record?.kind === 'gap' && isCut(record, end)) return { records, length, needs: 1, cut: record };
    length += decoded.length;
    if (record !== null) records.push(record);
  }
  return { records, length, needs: 1, cut: null };
}

/** Other gaps are where a full disk lost something: more than nothing, and what follows stands behind them. */
function isCut({ missingBytes, resumeAt }: Gap, end: number): boolean {
  return missingBytes === 0 || resumeAt > end;
}

/** A record of which only the header was looked at, and where it begins and ends in the file. */
export interface PassedRecord {
  readonly kind: 'output' | 'gap' | 'other';
  readonly timeUs: number;
  /** What the process printed, or what is missing of that. */
  readonly printedBytes: number;
  readonly offset: number;
  readonly end: number;
  readonly cut: Gap | null;
}

/** Those whose headers were read and that end where the file does, or before. */
export function* readHeadings(
  bytes: Uint8Array,
  offset: number,
  fileEnd: number,
): Generator<PassedRecord, void, undefined> {
  for (let at = offset === 0 ? LOG_MAGIC.length : offset; bytes.length - (at - offset) >= HEADER_BYTES;) {
    const { kind, timeUs, bodyBytes } = decodeHeading(bytes, at - offset);
    const end = at + HEADER_BYTES + bodyBytes;
    if (kind === 0 || end > fileEnd) return;
    if (kind === 3) {
      if (bytes.length - (at - offset) < GAP_RECORD_BYTES) return;
      const decoded = decodeRecord(bytes, at - offset);
      const gap = 'record' in decoded && decoded.record?.kind === 'gap' ? decoded.record : null;
      if (gap === null || gap.resumeAt < end) return;
      const cut = isCut(gap, end) ? gap : null;
      yield { kind: 'gap', timeUs, printedBytes: gap.missingBytes, offset: at, end, cut };
      if (cut !== null) return;
    } else {
      const isOutput = kind === 1 || kind === 2;
      const printedBytes = isOutput ? bodyBytes : 0;
      yield { kind: isOutput ? 'output' : 'other', timeUs, printedBytes, offset: at, end, cut: null };
    }
    at = end;
  }
}
