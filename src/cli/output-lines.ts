/** Records as lines: each stream has its own, and a line is of the time at which it began. */
import type { OutputRecord } from '../output/records.js';

type Stream = 'stdout' | 'stderr' | 'plain';

export interface OutputLine {
  readonly stream: Stream;
  /** Null: of plain text. */
  readonly timeUs: number | null;
  /** Without its end. */
  readonly bytes: Uint8Array;
}

interface Beginning {
  readonly timeUs: number | null;
  readonly pieces: Uint8Array[];
  length: number;
}

const NEWLINE = 10;
/** A longer line is broken, so that none has to fit into memory. */
const LONGEST_BYTES = 64 * 1024;

export class OutputLines {
  readonly #begun = new Map<Stream, Beginning>();

  /** The lines that end in this record, in the order of their ends. */
  *push(record: Extract<OutputRecord, { bytes: Uint8Array }>): Generator<OutputLine, void, undefined> {
    const { kind, bytes } = record;
    for (let from = 0; from < bytes.length;) {
      const line = this.#begun.get(kind) ?? {
        timeUs: 'timeUs' in record ? record.timeUs : null,
        pieces: [],
        length: 0,
      };
      this.#begun.set(kind, line);
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline === -1 ? bytes.length : newline;
      const room = LONGEST_BYTES - line.length;
      const to = end - from > room ? wholeCharacters(bytes, from + room) : end;
      // A copy, for a piece of some bytes must not keep the whole read that it came with.
      line.pieces.push(Uint8Array.from(bytes.subarray(from, to)));
      line.length += to - from;
      if (to === end && newline === -1) return;
      yield this.#end(kind, line);
      from = to === end ? to + 1 : to;
    }
  }

  /** The lines that have begun and will not go on. */
  *end(): Generator<OutputLine, void, undefined> {
    for (const [kind, line] of this.#begun) yield this.#end(kind, line);
  }

  #end(stream: Stream, { timeUs, pieces }: Beginning): OutputLine {
    this.#begun.delete(stream);
    return { stream, timeUs, bytes: Buffer.concat(pieces) };
  }
}

/** The nearest place before `at` where no character of UTF-8 is cut in two; `at` itself where the text is none. */
function wholeCharacters(bytes: Uint8Array, at: number): number {
  for (let back = 0; back < 4 && back <= at; back += 1)
    if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) return at - back;
  return at;
}
