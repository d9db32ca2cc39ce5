/** Reads a stream line by line, a chunk at a time: never the whole, never more than the longest line. */
import { isUtf8 } from 'node:buffer';
import { QueueError } from '../errors.js';
import type { ErrorCode } from '../errors.js';

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Why the reading ended before the stream did, and the first line that was not taken. */
export class StoppedAtLine extends QueueError {
  readonly line: number;

  constructor(line: number, code: ErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(code, message, hint, options);
    this.line = line;
  }
}

export const LONGEST_LINE_BYTES = 1024 * 1024;
const NEWLINE = 10;

/**
 * The lines of each chunk that are not blank. A BOM at the start and the CR of CR LF are taken off, and so are blanks
 * around a line unless they are to be kept. Throws StoppedAtLine for a line that is too long or not UTF-8; the lines before it have been yielded.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  keepBlanks = false,
): AsyncGenerator<Line[]> {
  let number = 1;
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const { lines, next, error } = decodeLines(
        Buffer.concat([...rest, chunk.subarray(0, end)]),
        number,
        keepBlanks,
      );
      yield lines;
      if (error !== undefined) throw error;
      number = next;
      rest = [];
      restBytes = 0;
    }
    rest.push(chunk.subarray(end));
    restBytes += chunk.length - end;
    if (restBytes > LONGEST_LINE_BYTES) throw tooLong(number);
  }
  const { lines, error } = decodeLines(Buffer.concat(rest), number, keepBlanks);
  yield lines;
  if (error !== undefined) throw error;
}

interface Decoded {
  readonly lines: Line[];
  readonly next: number;
  readonly error?: Error;
}

function decodeLines(bytes: Buffer, first: number, keepBlanks: boolean): Decoded {
  const lines: Line[] = [];
  let number = first;
  // One check and one conversion for all lines of a chunk; only a chunk with a bad line is looked at line by line.
  const texts = isUtf8(bytes)
    ? bytes.toString('utf8').split('\n')
    : bytes.toString('latin1').split('\n').map(fromLatin1);
  for (const text of texts) {
    if (text === null) return { lines, next: number, error: badLine(number, 'it is not valid UTF-8') };
    if (text.length > LONGEST_LINE_BYTES) return { lines, next: number, error: tooLong(number) };
    const whole = number === 1 ? text.replace(/^\uFEFF/, '') : text;
    const clean = whole.trim();
    if (clean !== '') lines.push({ number, text: keepBlanks ? whole.replace(/\r$/, '') : clean });
    number += 1;
  }
  return { lines, next: number - 1 };
}

/** A line's bytes again, and from them its text; null where they are not UTF-8. */
function fromLatin1(text: string): string | null {
  const bytes = Buffer.from(text, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

function tooLong(number: number): Error {
  return badLine(number, 'it is longer than 1 MiB', 'put the command in a script file and enqueue that');
}

function badLine(number: number, message: string, hint?: string): Error {
  return new StoppedAtLine(number, 'usage', `line ${number}: ${message}`, hint);
}
