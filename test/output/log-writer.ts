import { closeSync, openSync, writeSync } from 'node:fs';

import { LOG_MAGIC } from '../../src/output/records.js';
import { encode, gap, KINDS } from './encode.js';

/** Writes a log as the native launcher does; with a cap, what lies too far behind its end is cut out. */
export class LogWriter {
  readonly #fd: number;
  readonly #cap: number;
  #end = LOG_MAGIC.length;
  #gapAt: number | null = null;
  #resumeAt = 0;
  #missing = 0;
  #tail: { readonly at: number; readonly bytes: number }[] = [];

  constructor(file: string, cap: number) {
    this.#fd = openSync(file, 'w');
    this.#cap = cap;
    writeSync(this.#fd, LOG_MAGIC);
  }

  write(kind: 'stdout' | 'stderr', timeUs: number, body: Uint8Array): void {
    const record = encode(KINDS[kind], timeUs, body);
    if (this.#gapAt === null && this.#end + record.length > this.#cap / 2) {
      this.#gapAt = this.#end;
      this.#resumeAt = this.#end + 28;
      this.#append(gap(0, this.#resumeAt, timeUs));
    }
    if (this.#gapAt !== null) {
      this.#tail.push({ at: this.#end, bytes: body.length });
      this.#cut(timeUs);
    }
    this.#append(record);
  }

  #append(bytes: Uint8Array): void {
    writeSync(this.#fd, bytes, 0, bytes.length, this.#end);
    this.#end += bytes.length;
  }

  #cut(timeUs: number): void {
    const before = this.#resumeAt;
    while (this.#end - this.#resumeAt > this.#cap / 2) {
      const [first, next] = this.#tail;
      if (first === undefined || next === undefined) break;
      this.#missing += first.bytes;
      this.#resumeAt = next.at;
      this.#tail.shift();
    }
    if (this.#resumeAt === before || this.#gapAt === null) return;
    writeSync(this.#fd, gap(this.#missing, this.#resumeAt, timeUs), 0, 28, this.#gapAt);
    const hole = Buffer.alloc(this.#resumeAt - this.#gapAt - 28);
    writeSync(this.#fd, hole, 0, hole.length, this.#gapAt + 28);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
