import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

import { Landmarks } from './landmarks.js';
import type { OpenLog, Place } from './open-log.js';
import { type Gap, type PassedRecord, readBatch, readHeadings } from './record-batch.js';
import { decodeRecord, GAP_RECORD_BYTES, type OutputRecord } from './records.js';

const READ_BYTES = 256 * 1024;
/** What is read where only headers are wanted: little after a body that was jumped over, more where they are small. */
const FEW_BYTES = 256;
/** So many reads of headers in one turn of the event loop. */
const READS_PER_TURN = 200;

/** A log of records (records.ts) in a file, which may grow and be cut while it is read. */
export class RecordFile implements OpenLog {
  readonly #file: FileHandle;
  #offset = 0;
  #cutAt: number | null = null;
  #missingBytes = 0;
  #bytesSince = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get place(): Place {
    return {
      offset: this.#offset,
      cutAt: this.#cutAt,
      missingBytes: this.#missingBytes,
      bytesSince: this.#bytesSince,
    };
  }

  set place(place: Place) {
    this.#offset = place.offset;
    this.#cutAt = place.cutAt;
    this.#missingBytes = place.missingBytes;
    this.#bytesSince = place.bytesSince;
  }

  /**
   * A record that is not whole yet waits for the next time. A reader that is slower than the process by more than the
   * last half of the log's cap gets a gap in place of what it missed.
   */
  async *read(until = Infinity): AsyncGenerator<OutputRecord, void, undefined> {
    let size = READ_BYTES;
    while (this.#offset < until) {
      const bytes = await this.#read(this.#offset, size);
      // What was just read may have been cut out meanwhile; this look comes after it, and so is certain.
      const gap = this.#lookAtCut();
      if (gap !== null) {
        if (gap.missingBytes > 0) yield gap;
        continue;
      }
      const batch = readBatch(bytes, this.#offset, until);
      for (const record of batch.records) {
        if ('bytes' in record) this.#bytesSince += record.bytes.length;
        yield record;
      }
      this.#offset += batch.length;
      if (batch.cut !== null) {
        this.#enterCut(this.#offset, batch.cut);
        if (batch.cut.missingBytes > 0) yield batch.cut;
        continue;
      }
      if (batch.needs === 0 || (batch.length === 0 && bytes.length < size)) return;
      size = Math.max(READ_BYTES, batch.needs);
    }
  }

  async goToTime(timeUs: number): Promise<boolean> {
    let found = false;
    let gap: Place | null = null;
    await this.#walk((record) => {
      // What is missing right before it, or at the end, may be of that time, too.
      if (record.kind === 'gap') gap ??= this.#before(record);
      else if (record.timeUs < timeUs) gap = null;
      else found = true;
      return !found;
    });
    if (gap !== null) this.place = gap;
    return found;
  }

  async goToEnd(): Promise<readonly Place[]> {
    const landmarks = new Landmarks();
    await this.#walk((record) => {
      if (landmarks.isDue(record.offset)) landmarks.add(this.#before(record));
      return true;
    });
    return landmarks.places;
  }

  /** Moves to the end of the last whole record. How many bytes were printed up to there, with those that are missing. */
  async countPrinted(): Promise<number> {
    let printed = 0;
    await this.#walk((record) => {
      printed += record.printedBytes;
      return true;
    });
    return printed;
  }

  /** From record to record without their bodies, until `visit` wants no more: then it stays before that record. */
  async #walk(visit: (record: PassedRecord) => boolean): Promise<void> {
    const { size: fileEnd } = await this.#file.stat();
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let size = FEW_BYTES;
    for (let reads = 1; ; reads += 1) {
      const offset = this.#offset;
      const bytes = buffer.subarray(0, readSync(this.#file.fd, buffer, 0, size, offset));
      if (this.#lookAtCut() !== null) continue;
      for (const record of readHeadings(bytes, offset, fileEnd)) {
        if (!visit(record)) {
          this.#offset = record.offset;
          return;
        }
        this.#offset = record.end;
        if (record.kind === 'output') this.#bytesSince += record.printedBytes;
        if (record.cut !== null) this.#enterCut(record.offset, record.cut);
      }
      if (this.#offset === offset && (bytes.length < size || size === READ_BYTES)) return;
      // Beyond all that was read: a body was jumped over, and the next may be as long.
      size = this.#offset > offset + bytes.length ? FEW_BYTES : Math.min(size * 2, READ_BYTES);
      if (reads % READS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The place of a record that is being visited. */
  #before({ offset }: PassedRecord): Place {
    return { ...this.place, offset };
  }

  #enterCut(cutAt: number, { resumeAt, missingBytes }: Gap): void {
    this.place = { offset: resumeAt, cutAt, missingBytes, bytesSince: 0 };
  }

  /** Jumps to where there is something to read again, and says what was jumped over; null where nothing need be. */
  #lookAtCut(): Gap | null {
    const cutAt = this.#cutAt;
    if (cutAt === null) return null;
    const bytes = Buffer.alloc(GAP_RECORD_BYTES);
    readSync(this.#file.fd, bytes, 0, bytes.length, cutAt);
    const decoded = decodeRecord(bytes, 0);
    if ('needs' in decoded || decoded.record?.kind !== 'gap') return null;
    const cut = decoded.record;
    if (cut.resumeAt <= this.#offset) return null;
    const missingBytes = cut.missingBytes - this.#missingBytes - this.#bytesSince;
    this.#enterCut(cutAt, cut);
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
