import { usageError } from '../errors.js';
import type { CommandInput, JobInput } from '../job/input.js';
import { PROCESS_OPTIONS } from '../job/options.js';
import { findJsonError } from './json-error.js';

const HINT = `quote all of it: queuectl enqueue '{"command": "sleep 2"}'; or without JSON: queuectl enqueue -- sleep 2`;
const EXCERPT = 20;

/** Where in the text a mistake is, in words. */
type Place = (text: string, offset: number) => string;

/** Parses JSON. Throws `usage` that says where it is wrong: by line and column, or as the caller says it. */
export function readJson(text: string, place: Place = lineAndColumn(1)): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = findJsonError(text);
    if (found === null) throw error;
    const message = `expected ${found.expected}, ${excerpt(text, found.offset)}`;
    throw usageError(`invalid JSON at ${place(text, found.offset)}: ${message}`, HINT);
  }
}

/** For a text that begins on this line of its file. */
export function lineAndColumn(firstLine: number): Place {
  return (text, offset) => {
    const before = text.slice(0, offset).split('\n');
    return `line ${firstLine + before.length - 1}, column ${(before.at(-1) ?? '').length + 1}`;
  };
}

function excerpt(text: string, offset: number): string {
  if (offset >= text.length) return 'but it ends';
  const before = offset > EXCERPT ? `…${text.slice(offset - EXCERPT, offset)}` : text.slice(0, offset);
  const after = text.slice(offset, offset + EXCERPT);
  return `found ${after[0]} in: ${before}${after}${offset + EXCERPT < text.length ? '…' : ''}`;
}

/** What a job gets where its input says nothing: at least the directory of the caller. */
export type InputDefaults = Partial<CommandInput> & { readonly cwd: string };

/** Of these a job has one at most: that it names the one keeps it from getting the other. */
const RIVALS: Readonly<Partial<Record<keyof CommandInput, keyof CommandInput>>> = {
  delay: 'run_at',
  run_at: 'delay',
  stdin: 'stdin_file',
  stdin_file: 'stdin',
};

/**
 * Parsed JSON as the queue's input, with the defaults: the queue checks each field itself. Variables for the job are
 * put together, its own before the defaults. A job for a handler has no process to set anything for.
 */
export function asJobInput(value: unknown, defaults: InputDefaults): JobInput {
  if (!isPlainObject(value)) return value as JobInput;
  // It was parsed for us alone; a copy would be a tenth of the time that a line takes.
  const input: Record<string, unknown> = value;
  const isForHandler = (input['handler'] ?? null) !== null;
  for (const name of Object.keys(defaults) as (keyof InputDefaults)[]) {
    if (isForHandler && PROCESS_OPTIONS.has(name)) continue;
    const rival = RIVALS[name];
    if (rival !== undefined && (input[rival] ?? null) !== null) continue;
    if (name === 'env' && isPlainObject(input['env'])) input['env'] = { ...defaults.env, ...input['env'] };
    else input[name] ??= defaults[name];
  }
  return input as unknown as JobInput;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
