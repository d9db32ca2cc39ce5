/** A part of what a run printed. */

import { QueueError } from '../errors.js';
import type { OutputRecord } from './records.js';

export interface OutputSelection {
  /** What was written to this stream only. Gaps and remarks belong to both. */
  readonly stream?: 'stdout' | 'stderr' | undefined;
  /** From the first record of this time on; milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Of that, the last lines, or bytes, only. A last line without its end counts as one. */
  readonly last?: { readonly lines: number } | { readonly bytes: number } | undefined;
}

/** Of a log that is plain text nobody can tell what was printed when, and on which stream. */
export function noTimesNorStreams(): QueueError {
  return new QueueError(
    'failed',
    'the log of this run is plain text: it keeps neither times nor streams',
    'the launcher "native" keeps both; queuectl version tells which one runs your jobs',
  );
}

/** Picks the records of a selection out of those of a log, in their order. */
export class Selector {
  readonly #stream: OutputSelection['stream'];
  readonly #needsRecords: boolean;
  /** Null once a record of that time was met. */
  #sinceUs: number | null;
  #skipBytes = 0;
  #gap: OutputRecord | null = null;

  constructor({ stream, sinceMs }: OutputSelection) {
    this.#stream = stream;
    this.#needsRecords = stream !== undefined || sinceMs !== undefined;
    this.#sinceUs = sinceMs === undefined ? null : sinceMs * 1000;
  }

  /** What comes is late enough, and of its bytes that are selected these are too many. */
  begin(skipBytes: number): void {
    this.#sinceUs = null;
    this.#skipBytes = skipBytes;
  }

  /** The bytes of a record that the stream's name selects. Throws `failed` where plain text cannot tell. */
  bytesOf(record: OutputRecord): Uint8Array | null {
    if (record.kind === 'plain' && this.#needsRecords) throw noTimesNorStreams();
    return 'bytes' in record && (this.#stream ?? record.kind) === record.kind ? record.bytes : null;
  }

  /** Of a record nothing, itself or a part, after a gap that went before it. */
  *pick(record: OutputRecord): Generator<OutputRecord, void, undefined> {
    const bytes = this.bytesOf(record);
    if (record.kind !== 'plain' && this.#sinceUs !== null) {
      // Whether what is missing is late enough, the next record tells.
      if (record.kind === 'gap') {
        this.#gap = record;
        return;
      }
      const gap = this.#gap;
      this.#gap = null;
      if (record.timeUs < this.#sinceUs) return;
      this.#sinceUs = null;
      if (gap !== null) yield gap;
    }
    const skip = this.#skipBytes;
    if (!('bytes' in record)) {
      if (skip === 0) yield record;
    } else if (bytes !== null) {
      this.#skipBytes = Math.max(0, skip - bytes.length);
      if (skip === 0) yield record;
      else if (skip < bytes.length) yield { ...record, bytes: bytes.subarray(skip) };
    }
  }

  /** A gap at the end. */
  *finish(): Generator<OutputRecord, void, undefined> {
    const gap = this.#gap;
    if (gap?.kind === 'gap' && gap.timeUs >= (this.#sinceUs ?? 0)) yield gap;
  }
}
