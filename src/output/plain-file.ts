import type { FileHandle } from 'node:fs/promises';

import { Landmarks } from './landmarks.js';
import { readChunks } from './open-file.js';
import { type OpenLog, type Place, START } from './open-log.js';
import type { OutputRecord } from './records.js';

const STEP_BYTES = 256 * 1024;

/** A log that the process wrote by itself: both streams in one, nothing else known. */
export class PlainFile implements OpenLog {
  place: Place = START;
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Starts again where the file was cut short (`> /dev/stdout` in a job does that). */
  async *read(until = Infinity): AsyncGenerator<OutputRecord, void, undefined> {
    const { size } = await this.#file.stat();
    if (size < this.place.offset) this.place = START;
    // Up to the size seen now: a process that prints faster than we read must not keep us from ending.
    for await (const bytes of readChunks(this.#file, this.place.offset, Math.min(size, until))) {
      this.place = { ...START, offset: this.place.offset + bytes.length };
      yield { kind: 'plain', bytes };
    }
  }

  async goToTime(): Promise<boolean> {
    return false;
  }

  async goToEnd(): Promise<readonly Place[]> {
    const { size } = await this.#file.stat();
    const landmarks = new Landmarks();
    for (let { offset } = this.place; offset < size; offset += STEP_BYTES)
      if (landmarks.isDue(offset)) landmarks.add({ ...START, offset });
    this.place = { ...START, offset: size };
    return landmarks.places;
  }
}
