/** Reads a JSON array as a stream, an element at a time: never the whole, never more than the longest element. */
import { isUtf8 } from 'node:buffer';
import { LONGEST_LINE_BYTES, StoppedAtLine } from './read-lines.js';
import type { Line } from './read-lines.js';

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The text of an element, and the line of the file that it begins on. */
export interface Element extends Line {
  /** From 1. */
  readonly element: number;
}

/**
 * The elements that end in each chunk. What stands in them is for JSON.parse to check. Throws StoppedAtLine where the
 * array itself is wrong; the elements before that have been yielded.
 */
export async function* readArray(source: AsyncIterable<Uint8Array>): AsyncGenerator<Element[]> {
  const reader = new ArrayReader();
  for await (const chunk of source) {
    yield reader.read(chunk);
    if (reader.error !== null) throw reader.error;
  }
  reader.end();
  if (reader.error !== null) throw reader.error;
}

class ArrayReader {
  /** Why the reading ended. */
  error: StoppedAtLine | null = null;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #closed = false;
  #line = 1;
  #count = 0;
  /** The line that the current element begins on; 0 before its first character. */
  #firstLine = 0;
  /** What earlier chunks hold of the current element. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  read(chunk: Uint8Array): Element[] {
    const elements: Element[] = [];
    let start = 0;
    for (let index = 0; index < chunk.length && this.error === null; index++) {
      const byte = chunk[index] ?? 0;
      if (byte === NEWLINE) this.#line += 1;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      if (byte <= 0x20) continue;
      if (this.#depth === 0) {
        this.#outside(byte);
        start = index + 1;
        continue;
      }
      const ends = this.#depth === 1 && (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT);
      if (ends) {
        this.#take(chunk.subarray(start, index), byte, elements);
        start = index + 1;
        continue;
      }
      if (this.#firstLine === 0) {
        this.#firstLine = this.#line;
        start = index;
      }
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#depth += 1;
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#depth -= 1;
    }
    if (this.error === null) this.#keep(chunk.subarray(start));
    return elements;
  }

  end(): void {
    if (this.error !== null || this.#closed) return;
    const where = this.#count === 0 ? '' : ` after element ${this.#count}`;
    this.#stop(this.#line, `the file ends before the array does${where}`, 'there is no "]"');
  }

  /** Before the array or after it. A BOM may come before. */
  #outside(byte: number): void {
    const isBom = !this.#closed && this.#line === 1 && [0xef, 0xbb, 0xbf].includes(byte);
    if (isBom) return;
    if (this.#closed || byte !== OPEN_LIST)
      this.#stop(this.#line, this.#closed ? 'something follows the end of the array' : 'expected "["');
    else this.#depth = 1;
  }

  /** A comma or a bracket has come: what stands before it is an element. */
  #take(lastPiece: Uint8Array, byte: number, elements: Element[]): void {
    const isEmptyArray = this.#firstLine === 0 && this.#count === 0 && byte === CLOSE_LIST;
    if (!isEmptyArray && !this.#addElement(lastPiece, byte, elements)) return;
    if (byte === COMMA) return;
    this.#depth = 0;
    this.#closed = true;
    if (byte !== CLOSE_LIST) this.#stop(this.#line, 'expected "," or "]", found "}"');
  }

  #addElement(lastPiece: Uint8Array, byte: number, elements: Element[]): boolean {
    const element = this.#count + 1;
    const line = this.#firstLine;
    if (line === 0) {
      this.#stop(this.#line, `element ${element}: expected a job, found "${String.fromCharCode(byte)}"`);
      return false;
    }
    if (this.#isTooLong(lastPiece.length)) return false;
    const bytes = this.#pieces.length === 0 ? lastPiece : Buffer.concat([...this.#pieces, lastPiece]);
    if (!isUtf8(bytes)) {
      this.#stop(line, `element ${element}: it is not valid UTF-8`);
      return false;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    elements.push({ number: line, text: text.trimEnd(), element });
    this.#count = element;
    this.#firstLine = 0;
    this.#pieces = [];
    this.#bytes = 0;
    return true;
  }

  #keep(piece: Uint8Array): void {
    if (this.#firstLine === 0 || this.#isTooLong(piece.length)) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  #isTooLong(moreBytes: number): boolean {
    if (this.#bytes + moreBytes <= LONGEST_LINE_BYTES) return false;
    const hint = 'put the command in a script file and enqueue that';
    this.#stop(this.#firstLine, `element ${this.#count + 1}: it is longer than 1 MiB`, hint);
    return true;
  }

  #stop(line: number, message: string, hint?: string): void {
    this.error = new StoppedAtLine(line, 'usage', `line ${line}: ${message}`, hint);
  }
}
