/** What a file of jobs holds: a JSON object a line, a JSON array, or a command a line. */
import { unknownWord } from '../job/show-value.js';
import { readArray } from './read-array.js';
import type { Element } from './read-array.js';
import { readLines } from './read-lines.js';
import type { Line } from './read-lines.js';

const INPUT_FORMATS = ['ndjson', 'json', 'lines'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** A job's text, and where it stands. */
export type Item = Line | Element;

export interface Items {
  readonly format: InputFormat;
  readonly batches: AsyncIterable<readonly Item[]>;
}

/** The format that `--format` names. Throws `usage`. */
export function readFormat(text: string | undefined): InputFormat | undefined {
  const known = INPUT_FORMATS.find((format) => format === text);
  if (text !== undefined && known === undefined) throw unknownWord('value of --format', text, INPUT_FORMATS);
  return known;
}

/** Reads the items as they come. Without a format the first character that is not blank tells it. */
export async function readItems(source: AsyncIterable<Uint8Array>, format?: InputFormat): Promise<Items> {
  if (format !== undefined) return { format, batches: read(source, format) };
  const chunks = source[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let found: InputFormat | undefined;
  while (found === undefined) {
    const next = await chunks.next();
    if (next.done === true) break;
    seen.push(next.value);
    found = formatOf(next.value);
  }
  const detected = found ?? 'lines';
  return { format: detected, batches: read(rejoined(seen, chunks), detected) };
}

function read(source: AsyncIterable<Uint8Array>, format: InputFormat): AsyncIterable<readonly Item[]> {
  if (format === 'json') return readArray(source);
  return format === 'lines' ? commandLines(source) : readLines(source);
}

/** As the shell has it, a line that begins with # says nothing. */
async function* commandLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Item[]> {
  for await (const lines of readLines(source, true))
    yield lines.filter(({ text }) => !text.trimStart().startsWith('#'));
}

/** Undefined while there is nothing but blanks. */
function formatOf(chunk: Uint8Array): InputFormat | undefined {
  const first = /[^\s\u00ef\u00bb\u00bf]/.exec(Buffer.from(chunk).toString('latin1'))?.[0];
  if (first === undefined) return undefined;
  if (first === '[') return 'json';
  return first === '{' ? 'ndjson' : 'lines';
}

/** The stream once more from its beginning. */
async function* rejoined(
  seen: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seen;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** "line 3", "element 3 (line 12)". */
export function placeOf(item: Item): string {
  return 'element' in item ? `element ${item.element} (line ${item.number})` : `line ${item.number}`;
}

/** How to go on with an item of a file that was stored up to there, in words for a hint. */
export function goOnAt(item: Item, format: InputFormat): string {
  if ('element' in item) return `jq '.[${item.element - 1}:]' FILE | queuectl enqueue -`;
  const flag = format === 'lines' ? ' --format lines' : '';
  return `tail -n +${item.number} FILE | queuectl enqueue${flag} -`;
}
