import type { LogPart } from '../log-part.js';
import { Landmarks } from './landmarks.js';
import { type OpenLog, type Place, START } from './open-log.js';
import { type Gap, readBatch, readHeadings } from './record-batch.js';
import { decodeRecord, isRecordLog, type OutputRecord } from './records.js';

/** Where the parts of one log come from. */
export interface StoredParts {
  /** The part in which the offset lies and those behind it, and the gap that begins at `cutAt`, at one moment. */
  read(
    offset: number,
    cutAt: number | null,
    most: number,
  ): Promise<{ readonly parts: readonly LogPart[]; readonly cut: LogPart | null }>;
  list(): Promise<readonly Omit<LogPart, 'bytes'>[]>;
}

/** As large as a part is, nearly; one read is about a MiB. */
const PART_BYTES = 64 * 1024;
const MOST_PARTS = 16;

/** A log of which some machine sends the parts; offsets are those of its file there. */
export class StoredLog implements OpenLog {
  place: Place = START;
  readonly #parts: StoredParts;
  readonly #isPlain: boolean;

  private constructor(parts: StoredParts, isPlain: boolean) {
    this.#parts = parts;
    this.#isPlain = isPlain;
  }

  /** Null while there is nothing of it. */
  static async open(parts: StoredParts): Promise<StoredLog | null> {
    const [first] = (await parts.read(0, null, 1)).parts;
    return first === undefined ? null : new StoredLog(parts, !isRecordLog(first.bytes));
  }

  async *read(until = Infinity): AsyncGenerator<OutputRecord, void, undefined> {
    for (;;) {
      const before = this.place.offset;
      if (before >= until) return;
      const most = Math.min(MOST_PARTS, Math.ceil((until - before) / PART_BYTES) + 1);
      const { parts, cut } = await this.#parts.read(before, this.place.cutAt, most);
      const dropped = cut === null ? null : this.#jump(cut);
      if (dropped !== null && dropped.missingBytes > 0) yield dropped;
      if (dropped !== null) continue;
      for (const part of parts) yield* this.#readPart(part, until);
      if (this.place.offset === before) return;
    }
  }

  /** Of a part that begins beyond this place nothing: what lies between is missing. */
  *#readPart({ at, bytes, resumeAt }: LogPart, until: number): Generator<OutputRecord, void, undefined> {
    const { offset } = this.place;
    if (at > offset || at + bytes.length <= offset || offset >= until) return;
    const rest = bytes.subarray(offset - at);
    if (this.#isPlain) {
      const text = rest.subarray(0, until - offset);
      this.place = { ...START, offset: offset + text.length };
      const gap = resumeAt === null ? null : toGap(text);
      yield gap ?? { kind: 'plain', bytes: text };
      return;
    }
    const batch = readBatch(rest, offset, until);
    for (const record of batch.records) {
      const bytesSince = this.place.bytesSince + ('bytes' in record ? record.bytes.length : 0);
      this.place = { ...this.place, bytesSince };
      yield record;
    }
    this.place = { ...this.place, offset: offset + batch.length };
    if (batch.cut === null) return;
    this.#enterCut(offset + batch.length, batch.cut);
    if (batch.cut.missingBytes > 0) yield batch.cut;
  }

  async goToTime(timeUs: number): Promise<boolean> {
    if (this.#isPlain) return false;
    const list = await this.#listPlaces();
    const index = list.findIndex(({ lastUs }) => lastUs >= timeUs);
    // What is missing right before it, or at the end, may be of that time, too: a gap ends a part, or is one of its own.
    const first = (index === -1 ? list.length - 1 : index) - 2;
    let found = false;
    let gap: Place | null = null;
    for (const { place } of list.slice(Math.max(0, first))) {
      this.place = place;
      const { parts } = await this.#parts.read(place.offset, null, 1);
      for (const record of headingsAt(parts, place.offset)) {
        const here = this.place;
        if (record.kind === 'gap') gap ??= here;
        else if (record.timeUs < timeUs) gap = null;
        else found = true;
        if (found) break;
        const bytesSince = here.bytesSince + (record.kind === 'output' ? record.printedBytes : 0);
        this.place = { ...here, offset: record.end, bytesSince };
        if (record.cut !== null) this.#enterCut(record.offset, record.cut);
      }
      if (found) break;
    }
    if (gap !== null) this.place = gap;
    return found;
  }

  async goToEnd(): Promise<readonly Place[]> {
    const list = await this.#listPlaces();
    const { offset } = this.place;
    const landmarks = new Landmarks();
    landmarks.add(this.place);
    for (const { place } of list)
      if (place.offset > offset && landmarks.isDue(place.offset)) landmarks.add(place);
    const last = list.at(-1)?.place;
    if (last !== undefined && last.offset > offset) this.place = last;
    const rest = this.read();
    while ((await rest.next()).done !== true);
    return landmarks.places;
  }

  /** Where parts begin that can be read: of one that was dropped in part, behind that. */
  async #listPlaces(): Promise<{ readonly place: Place; readonly lastUs: number }[]> {
    const list = await this.#parts.list();
    const gap = list.find(({ resumeAt }) => resumeAt !== null);
    const cutAt = this.#isPlain ? Infinity : (gap?.at ?? Infinity);
    const resumeAt = gap?.resumeAt ?? 0;
    return list.flatMap(({ at, lastUs, printed }, index) => {
      const isBehind = at > cutAt;
      const next = list[index + 1]?.at ?? Infinity;
      if (isBehind && next <= resumeAt) return [];
      const offset = isBehind ? Math.max(at, resumeAt) : at;
      const place = isBehind ? { offset, cutAt, missingBytes: printed, bytesSince: 0 } : { ...START, offset };
      return [{ place, lastUs }];
    });
  }

  #enterCut(cutAt: number, { resumeAt, missingBytes }: Gap): void {
    this.place = { offset: resumeAt, cutAt, missingBytes, bytesSince: 0 };
  }

  /** Where more was dropped than this reader has passed: to what is left, and how much it misses. */
  #jump(cut: LogPart): Gap | null {
    const gap = toGap(cut.bytes);
    const { offset, cutAt, missingBytes, bytesSince } = this.place;
    if (gap === null || cutAt === null || gap.resumeAt <= offset) return null;
    this.#enterCut(cutAt, gap);
    return { ...gap, missingBytes: gap.missingBytes - missingBytes - bytesSince };
  }
}

function toGap(bytes: Uint8Array): Gap | null {
  const decoded = decodeRecord(bytes, 0);
  return 'record' in decoded && decoded.record?.kind === 'gap' ? decoded.record : null;
}

function headingsAt(parts: readonly LogPart[], offset: number): ReturnType<typeof readHeadings> {
  const [part] = parts;
  const bytes = part?.bytes.subarray(offset - part.at) ?? new Uint8Array();
  return readHeadings(bytes, offset, offset + bytes.length);
}
