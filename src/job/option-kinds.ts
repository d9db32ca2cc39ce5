/** How the value of each kind of job option is read, from JSON or from text. Pure. */
import { usageError } from '../errors.js';
import { readDatabaseUrl } from './database-url.js';
import type { Command, JsonValue } from './job.js';
import { readDuration, readInstant, readNumber, readSize } from './read-amounts.js';
import { show, unknownWord } from './show-value.js';
import { formatSize } from './size.js';

/** Linux refuses a longer argument (MAX_ARG_STRLEN, its final NUL included). */
const LONGEST_COMMAND_BYTES = 128 * 1024 - 1;
const LONGEST_NAME = 128;

export type OptionKind =
  | { readonly kind: 'integer' | 'number'; readonly min: number; readonly max: number }
  | {
      readonly kind: 'duration';
      readonly minMs: number;
      readonly maxMs: number;
      readonly wholeSeconds?: true;
      /** The word `forever` stands for Infinity. */
      readonly orForever?: true;
    }
  | { readonly kind: 'size'; readonly minBytes: number; readonly maxBytes: number }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'text' | 'json'; readonly maxBytes: number }
  | {
      readonly kind:
        | 'database'
        | 'id'
        | 'name'
        | 'tags'
        | 'switch'
        | 'user'
        | 'octal'
        | 'path'
        | 'instant'
        | 'command'
        | 'environment';
    };

/** The checked value: durations and instants in milliseconds, sizes in bytes. Throws `usage` that begins with the label. */
export function readValue(option: OptionKind, value: unknown, label: string): unknown {
  switch (option.kind) {
    case 'integer':
    case 'number':
      return readNumber(option, value, label);
    case 'duration':
      return readDuration(option, value, label);
    case 'instant':
      return readInstant(value, label);
    case 'size':
      return readSize(option, value, label);
    case 'choice':
      return readChoice(option.of, value, label);
    case 'text':
      return readLimitedText(option.maxBytes, value, label);
    case 'json':
      return readPayload(option.maxBytes, value, label);
    case 'octal':
      return readOctal(value, label);
    case 'user':
      return readUser(value, label);
    case 'id':
      return readId(value, label);
    case 'name':
      return readName(value, label);
    case 'tags':
      return readTags(value, label);
    case 'database':
      return readDatabaseUrl(value, label);
    case 'switch':
      return readSwitch(value, label);
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

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]*$/;

function readName(value: unknown, label: string): string {
  if (typeof value === 'string' && value.length <= LONGEST_NAME && NAME.test(value)) return value;
  throw usageError(
    `${label} must be 1 to ${LONGEST_NAME} of the characters A-Z a-z 0-9 . _ @ - and begin with a letter or digit, not ${show(value)}`,
  );
}

const MOST_TAGS = 32;

/** Each once, in the order in which they were given. */
function readTags(value: unknown, label: string): readonly string[] {
  if (!Array.isArray(value)) throw usageError(`${label} must be a list of tags, not ${show(value)}`);
  const tags = new Set(value.map((tag: unknown, index) => readName(tag, `${label}[${index}]`)));
  if (tags.size <= MOST_TAGS) return [...tags];
  throw usageError(`${label} are more than ${MOST_TAGS}: ${tags.size}`);
}

function readSwitch(value: unknown, label: string): boolean {
  if (typeof value === 'boolean') return value;
  throw usageError(`${label} must be true or false, not ${show(value)}`);
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

function readChoice(known: readonly string[], value: unknown, label: string): string {
  if (typeof value === 'string' && known.includes(value)) return value;
  if (typeof value === 'string') throw unknownWord(`value of ${label}`, value, known);
  throw usageError(`${label} must be one of ${known.join(', ')}, not ${show(value)}`);
}

/** Its three digits: as a number in JSON, 27 would be another umask. */
function readOctal(value: unknown, label: string): string {
  const digits = typeof value === 'string' ? /^(?:0o)?0*([0-7]{1,3})$/i.exec(value.trim())?.[1] : undefined;
  if (digits !== undefined) return digits.padStart(3, '0');
  throw usageError(
    `${label} must be octal digits in a string, at most 777, not ${show(value)}`,
    'as in "027"; a number would be read in tens',
  );
}

const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/;

/** A name as useradd takes it, or a uid. */
function readUser(value: unknown, label: string): string {
  const user = typeof value === 'number' && Number.isInteger(value) ? String(value) : value;
  if (typeof user === 'string' && user.length <= LONGEST_NAME && USER.test(user)) return user;
  throw usageError(`${label} must be the name of a user, or a uid, not ${show(value)}`);
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

function readLimitedText(maxBytes: number, value: unknown, label: string): string {
  const text = readText(value, label);
  if (new TextEncoder().encode(text).length <= maxBytes) return text;
  throw usageError(`${label} is longer than ${formatSize(maxBytes)} bytes`, 'put it in a file');
}

/** What a program gives may be more than JSON can say; what is stored is what JSON says of it. */
function readPayload(maxBytes: number, value: unknown, label: string): JsonValue {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // It refers to itself, is a number without bounds, or throws: `text` says that there is none.
  }
  if (text === undefined) throw usageError(`${label} cannot be written as JSON: ${show(value)}`);
  readLimitedText(maxBytes, text, label);
  return JSON.parse(text) as JsonValue;
}

/** Text that a process can be given and a database can keep: no NUL, no half of a surrogate pair. */
function readText(value: unknown, label: string): string {
  if (typeof value !== 'string') throw usageError(`${label} must be a string, not ${show(value)}`);
  if (value.includes('\0')) throw usageError(`${label} contains a NUL byte`);
  if (!value.isWellFormed()) throw usageError(`${label} is not valid Unicode`);
  return value;
}
