import { harmlessBytes, HarmlessStream } from '../output/harmless.js';
import type { Output } from '../output/output.js';
import { writeAll } from '../output/print.js';
import { OutputLines } from '../output-lines.js';

interface Printer {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** On a terminal nothing in it acts; a pipe gets the bytes as they are, --json an object a line. */
export function workerLogPrinter(output: Output): Printer {
  if (output.json) return jsonPrinter(output);
  if (!output.terminal) return { push: (bytes) => writeAll(1, bytes), end: () => undefined };
  const text = new HarmlessStream();
  return { push: (bytes) => writeAll(1, text.push(bytes)), end: () => writeAll(1, text.end()) };
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)$/s;

function jsonPrinter(output: Output): Printer {
  const lines = new OutputLines();
  const print = (bytes: Uint8Array): void => {
    const line = harmlessBytes(bytes);
    const [, time = null, text = line] = TIMED.exec(line) ?? [];
    output.streamed({ time, text });
  };
  return {
    push: (bytes) => {
      for (const line of lines.push({ kind: 'plain', bytes })) print(line.bytes);
    },
    end: () => {
      for (const line of lines.end()) print(line.bytes);
    },
  };
}
