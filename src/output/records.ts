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
  /** Of a log that is plain text: both streams, told apart by nothing, at unknown times. */
  | { readonly kind: 'plain'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'gap';
      readonly timeUs: number;
      readonly missingBytes: number;
      readonly resumeAt: number;
    }
  | { readonly kind: 'remark'; readonly timeUs: number; readonly text: string };

/** What a job prints while it is followed, run after run. */
export type FollowedRecord = OutputRecord & { readonly run: number };

export const LOG_MAGIC: Uint8Array = Buffer.from('\u0001QCTLOG\n', 'latin1');
export const HEADER_BYTES = 12;
const GAP_BYTES = 16;
/** What it takes to read a gap, header included. */
export const GAP_RECORD_BYTES = HEADER_BYTES + GAP_BYTES;

/** Whether these first bytes of an output are a log of records; else it is plain text. */
export function isRecordLog(start: Uint8Array): boolean {
  return start.length >= LOG_MAGIC.length && LOG_MAGIC.every((byte, index) => start[index] === byte);
}

/** What a record is, without what is in it. */
export interface Heading {
  /** 0: zeros, which were cut out, or never written. */
  readonly kind: number;
  readonly timeUs: number;
  /** Without the header. */
  readonly bodyBytes: number;
}

/** Of a record whose header is wholly there. */
export function decodeHeading(bytes: Uint8Array, offset: number): Heading {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  const lengthAndKind = view.getUint32(8, true);
  return { kind: lengthAndKind >>> 24, timeUs: readU64(view, 0), bodyBytes: lengthAndKind & 0xff_ffff };
}

/** What was found at an offset of some bytes: a record and how long it is, or how many bytes it takes to tell. */
export type Decoded =
  { readonly record: OutputRecord | null; readonly length: number } | { readonly needs: number };

/** The record is null where it is none that we know; where even its length means nothing, `length` is 0. */
export function decodeRecord(bytes: Uint8Array, offset: number): Decoded {
  if (bytes.length - offset < HEADER_BYTES) return { needs: HEADER_BYTES };
  const heading = decodeHeading(bytes, offset);
  if (heading.kind === 0) return { record: null, length: 0 };
  const length = HEADER_BYTES + heading.bodyBytes;
  if (bytes.length - offset < length) return { needs: length };
  return { record: toRecord(heading, bytes.subarray(offset + HEADER_BYTES, offset + length)), length };
}

function toRecord({ kind, timeUs }: Heading, body: Uint8Array): OutputRecord | null {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
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
        missingBytes: readU64(view, 0),
        resumeAt: readU64(view, 8),
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
  if (!isRecordLog(log)) {
    if (log.length > 0) yield { kind: 'plain', bytes: log };
    return;
  }
  let offset = LOG_MAGIC.length;
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
    if ('bytes' in record && record.kind === (stream ?? record.kind)) chunks.push(record.bytes);
  }
  return Buffer.concat(chunks);
}
