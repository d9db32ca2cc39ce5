import { type OpenLog, type Place, START } from './open-log.js';
import { decodeLog, type OutputRecord } from './records.js';

/** A log that was stored with the end of its run, because it is small. Offsets count records. */
export class MemoryLog implements OpenLog {
  place: Place = START;
  readonly #records: readonly OutputRecord[];

  constructor(log: Uint8Array) {
    this.#records = [...decodeLog(log)];
  }

  async *read(until = Infinity): AsyncGenerator<OutputRecord, void, undefined> {
    for (;;) {
      const { offset } = this.place;
      const record = offset < until ? this.#records[offset] : undefined;
      if (record === undefined) return;
      this.#goTo(offset + 1);
      yield record;
    }
  }

  async goToTime(timeUs: number): Promise<boolean> {
    const found = this.#records.findIndex(
      (record) => record.kind !== 'gap' && record.kind !== 'plain' && record.timeUs >= timeUs,
    );
    if (found === -1) return false;
    this.#goTo(this.#records[found - 1]?.kind === 'gap' ? found - 1 : found);
    return true;
  }

  async goToEnd(): Promise<readonly Place[]> {
    const start = this.place;
    this.#goTo(this.#records.length);
    return [start];
  }

  #goTo(offset: number): void {
    this.place = { ...START, offset };
  }
}
