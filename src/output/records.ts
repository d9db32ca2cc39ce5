/*
 * What a run printed. The same words stand in native/log.c.
 *
 * A log is the 8 bytes "\1QCTLOG\n" and records, in the order in which the output was read. Numbers are little endian.
 *
 *   record   u64 time in microseconds since the epoch, u24 length, u8 kind, then so many bytes
 *   kind 1   what the process wrote to its standard output
 *   kind 2   what it wrote to its standard error
 *   kind 3   a gap: u64 bytes of output that are missing here, u64 offset in the file at which to read on
 *   kind 4   a remark of the launcher, text in UTF-8 without a line's end
 *
 * A log with a cap keeps the first half of it and the last. A gap record closes the first half. From then on the
 * file grows as before, but what lies too far behind its end is cut out as a hole, so that the disk holds no more
 * than the cap; before each cut the gap record is rewritten in place: more bytes missing, a later offset. So the file
 * is only ever appended to, and whoever follows it reads on as in any file. Behind the gap a reader must look at the
 * gap record again after each read: if its offset is now beyond what was read, that may have been cut out meanwhile;
 * it is thrown away, and reading goes on at the new offset. Where the file system knows no holes, the log ends at its
 * cap, with a gap. A record that ends beyond the end of the file was cut short by a crash.
 */

export type OutputRecord =
  | { readonly kind: 'stdout' | 'stderr'; readonly timeUs: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'gap';
      readonly timeUs: number;
      readonly missingBytes: number;
      readonly resumeAt: number;
    }
  | { readonly kind: 'remark'; readonly timeUs: number; readonly text: string };

export const LOG_MAGIC: Uint8Array = Buffer.from('\u0001QCTLOG\n', 'latin1');
const HEADER_BYTES = 12;
const GAP_BYTES = 16;

/** Whether these first bytes of an output are a log of records; else it is plain text. */
export function isRecordLog(start: Uint8Array): boolean {
  return start.length >= LOG_MAGIC.length && LOG_MAGIC.every((byte, index) => start[index] === byte);
}

/** What was found at an offset of some bytes: a record and how long it is, or how many bytes it takes to tell. */
export type Decoded =
  { readonly record: OutputRecord | null; readonly length: number } | { readonly needs: number };

/** The record is null where it is none that we know; where even its length means nothing, `length` is 0. */
export function decodeRecord(bytes: Uint8Array, offset: number): Decoded {
  if (bytes.length - offset < HEADER_BYTES) return { needs: HEADER_BYTES };
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, bytes.length - offset);
  const lengthAndKind = view.getUint32(8, true);
  const kind = lengthAndKind >>> 24;
  const length = HEADER_BYTES + (lengthAndKind & 0xff_ffff);
  // Zeros were cut out, or never written.
  if (kind === 0) return { record: null, length: 0 };
  if (bytes.length - offset < length) return { needs: length };
  const body = bytes.subarray(offset + HEADER_BYTES, offset + length);
  return { record: toRecord(kind, readU64(view, 0), body, view), length };
}

function toRecord(kind: number, timeUs: number, body: Uint8Array, view: DataView): OutputRecord | null {
  switch (kind) {
    case 1:
      return { kind: 'stdout', timeUs, bytes: body };
    case 2:
      return { kind: 'stderr', timeUs, bytes: body };
    case 3:
      if (body.length < GAP_BYTES) return null;
      return {
        kind: 'gap',
        timeUs,
        missingBytes: readU64(view, HEADER_BYTES),
        resumeAt: readU64(view, HEADER_BYTES + 8),
      };
    case 4:
      return { kind: 'remark', timeUs, text: Buffer.from(body).toString('utf8') };
    default:
      return null;
  }
}

function readU64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** The records of a log that is whole in memory (an inline output); those of unknown kinds are left out. */
export function* decodeLog(log: Uint8Array): Generator<OutputRecord, void, undefined> {
  let offset = isRecordLog(log) ? LOG_MAGIC.length : log.length;
  while (offset < log.length) {
    const decoded = decodeRecord(log, offset);
    if ('needs' in decoded || decoded.length === 0) return;
    if (decoded.record !== null) yield decoded.record;
    offset += decoded.length;
  }
}

/** What the process wrote to one stream, or to both in the order of its log. */
export function textOf(records: Iterable<OutputRecord>, stream?: 'stdout' | 'stderr'): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const record of records) {
    if ((record.kind === 'stdout' || record.kind === 'stderr') && record.kind === (stream ?? record.kind))
      chunks.push(record.bytes);
  }
  return Buffer.concat(chunks);
}
