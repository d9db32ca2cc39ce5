/** How the value of each kind of job option is read, from JSON or from text. Pure. */
import { didYouMean, usageError } from '../errors.js';
import { formatDuration, parseDuration, parseInstant } from '../time.js';
import type { Command } from './job.js';

/** Linux refuses a longer argument (MAX_ARG_STRLEN, its final NUL included). */
const LONGEST_COMMAND_BYTES = 128 * 1024 - 1;
const LONGEST_NAME = 128;
/** Earlier instants are more likely seconds given as milliseconds. */
const EARLIEST_INSTANT = 100_000_000_000;
const LATEST_INSTANT = Date.UTC(9999, 11, 31);

export type OptionKind =
  | { readonly kind: 'integer' | 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'duration'; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: 'size'; readonly minBytes: number; readonly maxBytes: number }
  | { readonly kind: 'id' | 'name' | 'path' | 'instant' | 'command' | 'environment' };

/** The checked value: durations and instants in milliseconds, sizes in bytes. Throws `usage` that begins with the label. */
export function readValue(option: OptionKind, value: unknown, label: string): unknown {
  switch (option.kind) {
    case 'integer':
    case 'number':
      return readNumber(option, value, label);
    case 'duration':
      return readDuration(option, value, label);
    case 'size':
      return readSize(option, value, label);
    case 'instant':
      return readInstant(value, label);
    case 'id':
      return readId(value, label);
    case 'name':
      return readName(value, label);
    case 'path':
      return readPath(value, label);
    case 'command':
      return readCommand(value, label);
    case 'environment':
      return readEnvironment(value, label);
  }
}

/** The JSON value that a flag's or a setting's text stands for; `readValue` then checks it. */
export function valueOfText(option: OptionKind, text: string): unknown {
  const isNumeric = option.kind === 'integer' || option.kind === 'number' || option.kind === 'instant';
  return isNumeric && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : text;
}

function readNumber(
  option: { kind: string; min: number; max: number },
  value: unknown,
  label: string,
): number {
  const whole = option.kind === 'integer';
  const fits = typeof value === 'number' && value >= option.min && value <= option.max;
  if (fits && (!whole || Number.isInteger(value))) return value;
  throw usageError(
    `${label} must be a ${whole ? 'whole ' : ''}number from ${option.min} to ${option.max}, not ${show(value)}`,
  );
}

function readDuration(option: { minMs: number; maxMs: number }, value: unknown, label: string): number {
  const durationMs =
    typeof value === 'string' || typeof value === 'number' ? parseDuration(String(value)) : undefined;
  if (durationMs === undefined) {
    throw usageError(
      `${label} must be a duration, not ${show(value)}`,
      'a number with a unit: "30s", "10m", "1h30m", "2d"; a bare number is seconds',
    );
  }
  if (durationMs >= option.minMs && durationMs <= option.maxMs) return durationMs;
  throw usageError(
    `${label} must be from ${formatDuration(option.minMs)} to ${formatDuration(option.maxMs)}, not ${show(value)}`,
  );
}

const SIZE = /^(\d+)\s*(?:([kmgt])(?:i?b)?|b)?$/i;
const SIZE_UNITS = ['', 'KiB', 'MiB', 'GiB', 'TiB'];

function readSize(option: { minBytes: number; maxBytes: number }, value: unknown, label: string): number {
  const match =
    typeof value === 'string' || typeof value === 'number' ? SIZE.exec(String(value).trim()) : null;
  if (match === null)
    throw usageError(
      `${label} must be a size, not ${show(value)}`,
      'a number with a unit: "512M", "64MiB", "1G"; a bare number is bytes, a K is 1024 of them',
    );
  const bytes = Number(match[1]) * 1024 ** ' kmgt'.indexOf(match[2]?.toLowerCase() ?? ' ');
  if (bytes >= option.minBytes && bytes <= option.maxBytes) return bytes;
  throw usageError(
    `${label} must be from ${formatSize(option.minBytes)} to ${formatSize(option.maxBytes)}, not ${show(value)}`,
  );
}

/** In the largest unit that is exact: 65536 is "64KiB". */
export function formatSize(bytes: number): string {
  const unit = SIZE_UNITS.findLastIndex(
    (_, power) => power === 0 || (bytes > 0 && bytes % 1024 ** power === 0),
  );
  return `${bytes / 1024 ** unit}${SIZE_UNITS[unit]}`;
}

function readInstant(value: unknown, label: string): number {
  const instant = typeof value === 'string' ? parseInstant(value) : value;
  if (typeof instant !== 'number' || !Number.isInteger(instant)) {
    throw usageError(
      `${label} must be a time, not ${show(value)}`,
      'ISO 8601 ("2026-12-24T18:00:00Z") or milliseconds since 1970',
    );
  }
  if (instant >= EARLIEST_INSTANT && instant <= LATEST_INSTANT) return instant;
  throw usageError(
    `${label} is out of range: ${show(value)}`,
    'numbers are milliseconds since 1970, not seconds',
  );
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]*$/;

function readName(value: unknown, label: string): string {
  if (typeof value === 'string' && value.length <= LONGEST_NAME && NAME.test(value)) return value;
  throw usageError(
    `${label} must be 1 to ${LONGEST_NAME} of the characters A-Z a-z 0-9 . _ @ - and begin with a letter or digit, not ${show(value)}`,
  );
}

/** Words and forms that mean something else where an id is expected. */
function readId(value: unknown, label: string): string {
  const id = readName(value, label);
  if (/^[\d-]+$/.test(id))
    throw usageError(
      `${label} may not look like a number or a range: ${show(id)}`,
      'put a letter in it: "job-42"',
    );
  if (id === 'last' || id === 'all')
    throw usageError(`${label} may not be the word ${show(id)}`, 'put something to it: "job-last"');
  return id;
}

function readPath(value: unknown, label: string): string {
  const path = readText(value, label);
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path;
  throw usageError(`${label} must be an absolute path, not ${show(value)}`);
}

function readCommand(value: unknown, label: string): Command {
  if (typeof value === 'string') {
    if (value.trim() === '') throw usageError(`${label} is empty`, 'queuectl enqueue -- sleep 2');
    return checkLength(readText(value, label), value, label);
  }
  if (!Array.isArray(value))
    throw usageError(`${label} must be a string or a list of strings, not ${show(value)}`);
  const words = value.map((word: unknown, index) => readText(word, `${label}[${index}]`));
  if (words[0] === undefined || words[0] === '')
    throw usageError(`${label} is empty`, 'queuectl enqueue -- sleep 2');
  return checkLength(words, words.join(' '), label);
}

function checkLength<T>(command: T, text: string, label: string): T {
  // Most commands are short: only a long one pays for the count of its bytes.
  if (
    text.length * 3 <= LONGEST_COMMAND_BYTES ||
    new TextEncoder().encode(text).length <= LONGEST_COMMAND_BYTES
  )
    return command;
  throw usageError(`${label} is longer than 128 KiB`, 'put it in a script file and enqueue that');
}

function readEnvironment(value: unknown, label: string): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError(`${label} must be an object of strings, not ${show(value)}`, '"env": {"NAME": "value"}');
  }
  const entries = Object.entries(value).map(([name, text]): [string, string] => {
    if (name === '' || name.includes('=') || name.includes('\0'))
      throw usageError(`${label} has a bad name: ${show(name)}`);
    return [readText(name, label), readText(text, `${label}.${show(name)}`)];
  });
  checkLength(entries, entries.flat().join(' '), label);
  return Object.fromEntries(entries);
}

/** Text that a process can be given and a database can keep: no NUL, no half of a surrogate pair. */
function readText(value: unknown, label: string): string {
  if (typeof value !== 'string') throw usageError(`${label} must be a string, not ${show(value)}`);
  if (value.includes('\0')) throw usageError(`${label} contains a NUL byte`);
  if (!value.isWellFormed()) throw usageError(`${label} is not valid Unicode`);
  return value;
}

/** A value as it stands in an error: short, on one line. */
export function show(value: unknown): string {
  const text = jsonText(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text;
}

/** Undefined for what JSON does not know: a program may give a function, a bigint, or an object that holds itself. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** "unknown field …" with the nearest known one. */
export function unknownWord(what: string, word: string, known: readonly string[]): Error {
  return usageError(`unknown ${what} ${show(word)}`, didYouMean(word, known) ?? `known: ${known.join(', ')}`);
}
