/** A growing log, cut into the parts in which a shared store keeps it (store/logs.ts). */
import type { LogPart } from '../log-part.js';
import { encodeGap } from './encode-log.js';
import { LogFile } from './open-log-file.js';
import { HEADER_BYTES, decodeRecord, GAP_RECORD_BYTES } from './records.js';
import { RecordFile } from './record-file.js';
import { readHeadings } from './record-batch.js';
import type { Gap } from './record-batch.js';

/**
 * A part is full at this size: in PostgreSQL larger ones took no less room, and smaller ones more time; a reader of a few
 * lines fetches one or two.
 */
const PART_BYTES = 64 * 1024;
/** With the largest record of the native launcher. */
const READ_BYTES = 2 * PART_BYTES + HEADER_BYTES;

/**
 * Reads on in a run's log, by whole records. A part that is not full yet is given in pieces; once it is full, or the log is
 * complete, it is given again as a whole and takes their place. Parts and their order depend on the log alone.
 */
export class LogParts {
  readonly #opened: LogFile;
  /** Where plain text, to which no launcher sets an end, is no longer read. */
  readonly #mostBytes: number;
  /** Where the part that is not full yet begins, and up to where it was given. */
  #start = 0;
  #given = 0;
  /** Since the gap, before that part. */
  #printed = 0;
  #cutAt: number | null = null;
  #resumeAt = 0;
  #isOver = false;
  #isShortened = false;

  private constructor(opened: LogFile, mostBytes: number) {
    this.#opened = opened;
    this.#mostBytes = mostBytes;
  }

  /** Null where there is no such file. Close it after use. */
  static async open(file: string, mostBytes: number): Promise<LogParts | null> {
    const opened = await LogFile.open(file);
    return opened === null ? null : new LogParts(opened, mostBytes);
  }

  /** Its last part, which says that the log ends, was given. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** It was longer plain text than is given: its file is the only whole copy. */
  get isShortened(): boolean {
    return this.#isShortened;
  }

  /** What it gives now outgrew its cap, and may be dropped soon. */
  get isBehindGap(): boolean {
    return this.#cutAt !== null;
  }

  /** The next part; null where there is nothing new. `isComplete`: nothing will be written any more. */
  async next(isComplete: boolean): Promise<LogPart | null> {
    if (this.#isOver) return null;
    const log = await this.#opened.log(isComplete);
    if (log === null) return null;
    const { size } = await this.#opened.handle.stat();
    return log instanceof RecordFile
      ? this.#nextRecords(size, isComplete)
      : this.#nextPlain(size, isComplete);
  }

  async #nextRecords(size: number, isComplete: boolean, length = READ_BYTES): Promise<LogPart | null> {
    const bytes = await this.#read(length);
    // After the read: what was dropped meanwhile is not to be given.
    const moved = await this.#lookAtCut();
    if (moved !== null) return moved;
    let [end, lastUs, printed, printedGiven] = [this.#start, 0, 0, 0];
    let cut: Gap | null = null;
    for (const record of readHeadings(bytes, this.#start, size)) {
      cut = record.cut;
      // Before the gap stands a record, or the log's first bytes.
      if (cut !== null) end = record.offset;
      if (cut !== null) break;
      const needs = record.end - this.#start;
      if (needs > bytes.length && end === this.#start) return this.#nextRecords(size, isComplete, needs);
      if (needs > bytes.length) break;
      end = record.end;
      if (record.kind !== 'gap') lastUs = Math.max(lastUs, record.timeUs);
      printed += record.printedBytes;
      if (end <= this.#given) printedGiven = printed;
      if (end - this.#start >= PART_BYTES) break;
    }
    const isFull = cut !== null || end - this.#start >= PART_BYTES;
    if (end > this.#start && (isFull || isComplete)) {
      const part = { ...this.#part(bytes.subarray(0, end - this.#start), lastUs), at: this.#start };
      this.#start = this.#given = end;
      this.#printed += this.#cutAt === null ? 0 : printed;
      return part;
    }
    if (cut !== null) return this.#enterCut(end);
    if (isComplete) return this.#end();
    if (end <= this.#given) return null;
    const piece = this.#part(bytes.subarray(this.#given - this.#start, end - this.#start), lastUs);
    this.#given = end;
    return { ...piece, printed: this.#cutAt === null ? 0 : this.#printed + printedGiven };
  }

  async #nextPlain(size: number, isComplete: boolean): Promise<LogPart | null> {
    const missing = Math.max(0, size - this.#mostBytes);
    const bytes = (await this.#read(PART_BYTES)).subarray(0, Math.max(0, this.#mostBytes - this.#start));
    const end = this.#start + bytes.length;
    if (bytes.length > 0 && (bytes.length === PART_BYTES || isComplete)) {
      const part = { ...this.#part(bytes, 0), at: this.#start };
      this.#start = this.#given = end;
      return part;
    }
    if (isComplete) {
      if (missing === 0 || this.#cutAt !== null) return this.#end();
      this.#isShortened = true;
      this.#cutAt = this.#start;
      this.#start += GAP_RECORD_BYTES;
      return { ...this.#part(encodeGap(missing, this.#start), 0), at: this.#cutAt, resumeAt: this.#start };
    }
    if (end <= this.#given) return null;
    const piece = this.#part(bytes.subarray(this.#given - this.#start), 0);
    this.#given = end;
    return piece;
  }

  #part(bytes: Uint8Array, lastUs: number): LogPart {
    // A small one must not keep all that was read with it.
    const own = bytes.length < PART_BYTES ? Buffer.from(bytes) : bytes;
    return { at: this.#given, bytes: own, lastUs, printed: this.#printed, resumeAt: null };
  }

  #end(): LogPart {
    this.#isOver = true;
    return { ...this.#part(new Uint8Array(), 0), at: this.#start };
  }

  /** The gap is a part of its own: it is written again each time something behind it is dropped. */
  async #enterCut(cutAt: number): Promise<LogPart> {
    this.#cutAt = cutAt;
    const moved = await this.#lookAtCut();
    if (moved === null) throw new Error('the gap of a log is gone');
    return moved;
  }

  /** Where the gap says that more was dropped than was known: it, and reading goes on behind that. */
  async #lookAtCut(): Promise<LogPart | null> {
    if (this.#cutAt === null) return null;
    const bytes = Buffer.alloc(GAP_RECORD_BYTES);
    await this.#opened.handle.read(bytes, 0, bytes.length, this.#cutAt);
    const decoded = decodeRecord(bytes, 0);
    const gap = 'record' in decoded && decoded.record?.kind === 'gap' ? decoded.record : null;
    if (gap === null || gap.resumeAt <= this.#resumeAt) return null;
    this.#resumeAt = gap.resumeAt;
    if (gap.resumeAt > this.#start) {
      this.#start = this.#given = gap.resumeAt;
      this.#printed = gap.missingBytes;
    }
    return { at: this.#cutAt, bytes, lastUs: 0, printed: 0, resumeAt: gap.resumeAt };
  }

  async #read(length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#opened.handle.read(buffer, done, length - done, this.#start + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return buffer.subarray(0, done);
  }

  async close(): Promise<void> {
    await this.#opened.close();
  }
}
