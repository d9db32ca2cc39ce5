/** Reads a log of records from its file, to its end or as it grows. */

import type { FileHandle } from 'node:fs/promises';

import { FileBell } from './file-bell.js';
import { openForReading } from './open-file.js';
import { decodeRecord, isRecordLog, LOG_MAGIC, type OutputRecord } from './records.js';

const READ_BYTES = 256 * 1024;
const GAP_RECORD_BYTES = 28;

/** Every record of the file as it is now. A missing file has none; a log that is plain text yields nothing either. */
export async function* readRecords(file: string): AsyncGenerator<OutputRecord, void, undefined> {
  const handle = await openForReading(file);
  if (handle === null) return;
  try {
    yield* new RecordFile(handle).readToEnd();
  } finally {
    await handle.close();
  }
}

/**
 * Every record of the file, and those appended to it within some milliseconds. The file need not exist yet. Ends when the
 * signal is aborted, after all that the file held at that moment. A follower that is slower than the process by more than
 * the last half of the log's cap gets a gap in their place.
 */
export async function* followRecords(
  file: string,
  signal: AbortSignal,
): AsyncGenerator<OutputRecord, void, undefined> {
  const bell = new FileBell(file);
  const ring = (): void => bell.ring();
  signal.addEventListener('abort', ring, { once: true });
  let handle: FileHandle | null = null;
  let records: RecordFile | null = null;
  try {
    for (;;) {
      // Asked before the look, so that the last look comes after the abort.
      const isLastLook = signal.aborted;
      // Watched before the look, so that no append falls between the two.
      bell.listen();
      handle ??= await openForReading(file);
      if (handle !== null) yield* (records ??= new RecordFile(handle)).readToEnd();
      if (isLastLook) return;
      await bell.rung();
    }
  } finally {
    signal.removeEventListener('abort', ring);
    bell.close();
    await handle?.close();
  }
}

interface Batch {
  readonly records: OutputRecord[];
  readonly length: number;
  /** How much must be read to see the next record; 0 where none can follow. */
  readonly needs: number;
  /** The gap between the two halves of a capped log, met at the end of this batch. */
  readonly cut: Gap | null;
}

type Gap = Extract<OutputRecord, { kind: 'gap' }>;

/** A place in an open log. */
class RecordFile {
  readonly #file: FileHandle;
  #offset = 0;
  /** Where the gap between the two halves is written, once it was met, and what it said last. */
  #cutAt: number | null = null;
  #missingBytes = 0;
  /** What was read of the second half since then. */
  #bytesSince = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** What lies beyond this place; a record that is not whole yet waits for the next time. */
  async *readToEnd(): AsyncGenerator<OutputRecord, void, undefined> {
    let size = READ_BYTES;
    for (;;) {
      const bytes = await this.#read(this.#offset, size);
      // What was just read may have been cut out meanwhile; this look comes after it, and so is certain.
      const gap = await this.#lookAtCut();
      if (gap !== null) {
        if (gap.missingBytes > 0) yield gap;
        continue;
      }
      if (this.#offset === 0 && !isRecordLog(bytes)) return;
      const batch = readBatch(bytes, this.#offset);
      for (const record of batch.records) {
        if (record.kind === 'stdout' || record.kind === 'stderr') this.#bytesSince += record.bytes.length;
        yield record;
      }
      if (batch.cut === null) this.#offset += batch.length;
      else this.#enterCut(this.#offset + batch.length, batch.cut);
      if (batch.cut !== null && batch.cut.missingBytes > 0) yield batch.cut;
      if (batch.needs === 0 || (batch.length === 0 && bytes.length < size)) return;
      size = Math.max(READ_BYTES, batch.needs);
    }
  }

  #enterCut(at: number, cut: Gap): void {
    this.#cutAt = at;
    this.#offset = cut.resumeAt;
    this.#missingBytes = cut.missingBytes;
    this.#bytesSince = 0;
  }

  /** Jumps to where there is something to read again, and says what was jumped over; null where nothing need be. */
  async #lookAtCut(): Promise<Gap | null> {
    if (this.#cutAt === null) return null;
    const decoded = decodeRecord(await this.#read(this.#cutAt, GAP_RECORD_BYTES), 0);
    if ('needs' in decoded || decoded.record?.kind !== 'gap') return null;
    const cut = decoded.record;
    if (cut.resumeAt <= this.#offset) return null;
    const missingBytes = cut.missingBytes - this.#missingBytes - this.#bytesSince;
    this.#enterCut(this.#cutAt, cut);
    return { ...cut, missingBytes };
  }

  async #read(offset: number, size: number): Promise<Uint8Array> {
    // Memory of its own for each read: the records of the last one may be in use.
    const buffer = Buffer.allocUnsafe(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await this.#file.read(buffer, length, size - length, offset + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  }
}

/** The whole records at the start of what was read from an offset of the file. */
function readBatch(bytes: Uint8Array, offset: number): Batch {
  const records: OutputRecord[] = [];
  let length = offset === 0 ? LOG_MAGIC.length : 0;
  for (;;) {
    const decoded = decodeRecord(bytes, length);
    if ('needs' in decoded) return { records, length, needs: decoded.needs, cut: null };
    // Zeros that were not cut out were never written: the machine went down. No record can be found behind them.
    if (decoded.length === 0) return { records, length, needs: 0, cut: null };
    const { record } = decoded;
    const end = offset + length + decoded.length;
    if (record?.kind === 'gap' && record.resumeAt < end) return { records, length, needs: 0, cut: null };
    // Other gaps are where a full disk lost something: more than nothing, and what follows stands behind them.
    if (record?.kind === 'gap' && (record.missingBytes === 0 || record.resumeAt > end))
      return { records, length, needs: 1, cut: record };
    length += decoded.length;
    if (record !== null) records.push(record);
  }
}
