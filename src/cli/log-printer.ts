/** How `logs` prints what a job printed: bytes as they are, text for a terminal, lines with times, or JSON. */
import type { OutputRecord } from '../output/records.js';
import { noTimesNorStreams } from '../output/selection.js';
import { formatInstant } from '../time.js';
import type { Context } from './command.js';
import { harmlessBytes, HarmlessStream } from './output/harmless.js';
import type { Output } from './output/output.js';
import { writeAll } from './output/print.js';
import { type OutputLine, OutputLines } from './output-lines.js';

export interface LogPrinter {
  push(record: OutputRecord, run: number): void;
  /** A run is over: what comes next belongs to another. */
  end(run: number): void;
}

export const LOG_FIELDS = ['run', 'time', 'stream', 'text'];

export function logPrinter({ flags, output }: Context): LogPrinter {
  const asIs = !output.terminal || flags.has('raw');
  if (output.json) return new JsonPrinter(output);
  if (flags.has('timestamps')) return new TimedPrinter(output, asIs);
  return asIs ? new BytesPrinter(output) : new TerminalPrinter();
}

type Word = Extract<OutputRecord, { kind: 'gap' | 'remark' }>;

/** What is no output of the job itself. */
function wordsOf(record: Word): string {
  return record.kind === 'gap' ? `${record.missingBytes} bytes dropped` : record.text;
}

/** The job's output alone is on stdout, byte for byte. */
class BytesPrinter implements LogPrinter {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  push(record: OutputRecord): void {
    if ('bytes' in record) writeAll(1, record.bytes);
    else this.#output.note(`[${wordsOf(record)}]`);
  }

  end(): void {
    // All of it is out.
  }
}

class TerminalPrinter implements LogPrinter {
  /** One for each stream: a character that is cut in two goes on in the next record of its own. */
  readonly #texts = new Map<string, HarmlessStream>();
  #isInLine = false;

  push(record: OutputRecord): void {
    if (!('bytes' in record))
      return this.#print(`${this.#isInLine ? '\n' : ''}[${harmlessBytes(Buffer.from(wordsOf(record)))}]\n`);
    const text = this.#texts.get(record.kind) ?? new HarmlessStream();
    this.#texts.set(record.kind, text);
    this.#print(text.push(record.bytes));
  }

  end(): void {
    for (const text of this.#texts.values()) this.#print(text.end());
    this.#texts.clear();
  }

  #print(text: string): void {
    if (text !== '') this.#isInLine = !text.endsWith('\n');
    writeAll(1, text);
  }
}

class TimedPrinter implements LogPrinter {
  readonly #output: Output;
  readonly #asIs: boolean;
  readonly #lines = new OutputLines();

  constructor(output: Output, asIs: boolean) {
    this.#output = output;
    this.#asIs = asIs;
  }

  push(record: OutputRecord): void {
    if (record.kind === 'plain') throw noTimesNorStreams();
    if ('bytes' in record) for (const line of this.#lines.push(record)) this.#print(line);
    else this.#say(record);
  }

  end(): void {
    for (const line of this.#lines.end()) this.#print(line);
  }

  #say(record: Word): void {
    this.end();
    const words = `[${wordsOf(record)}]`;
    if (!this.#output.terminal) return this.#output.note(words);
    this.#print({ stream: 'stdout', timeUs: record.timeUs, bytes: Buffer.from(words) });
  }

  #print({ timeUs, bytes }: OutputLine): void {
    const line = Buffer.concat([bytes, Buffer.from('\n')]);
    writeAll(1, `${instant(timeUs)} `);
    writeAll(1, this.#asIs ? line : harmlessBytes(line));
  }
}

class JsonPrinter implements LogPrinter {
  readonly #output: Output;
  readonly #lines = new OutputLines();

  constructor(output: Output) {
    this.#output = output;
  }

  push(record: OutputRecord, run: number): void {
    if ('bytes' in record) {
      for (const line of this.#lines.push(record)) this.#print(line, run);
      return;
    }
    this.end(run);
    this.#output.streamed({ run, time: instant(record.timeUs), stream: 'note', text: wordsOf(record) });
  }

  end(run: number): void {
    for (const line of this.#lines.end()) this.#print(line, run);
  }

  #print({ stream, timeUs, bytes }: OutputLine, run: number): void {
    const text = Buffer.from(bytes).toString();
    this.#output.streamed({ run, time: instant(timeUs), stream: stream === 'plain' ? null : stream, text });
  }
}

/** As late as a date can be, and a broken log can say. */
const LATEST_MS = 8_640_000_000_000_000;

function instant(timeUs: number | null): string | null {
  return timeUs === null ? null : formatInstant(Math.min(Math.floor(timeUs / 1000), LATEST_MS));
}
