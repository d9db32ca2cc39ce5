import { usageError } from '../errors.js';
import type { CommandInput, JobInput } from '../job/input.js';
import { findJsonError } from './json-error.js';

const HINT = `quote all of it: queuectl enqueue '{"command": "sleep 2"}'; or without JSON: queuectl enqueue -- sleep 2`;
const EXCERPT = 20;

/** Parses JSON that begins on a line of its file. Throws `usage` that says where it is wrong. */
export function readJson(text: string, firstLine = 1): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = findJsonError(text);
    if (found === null) throw error;
    const message = `expected ${found.expected}, ${excerpt(text, found.offset)}`;
    throw usageError(`invalid JSON at ${place(text, found.offset, firstLine)}: ${message}`, HINT);
  }
}

function place(text: string, offset: number, firstLine: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${firstLine + before.length - 1}, column ${(before.at(-1) ?? '').length + 1}`;
}

function excerpt(text: string, offset: number): string {
  if (offset >= text.length) return 'but it ends';
  const before = offset > EXCERPT ? `…${text.slice(offset - EXCERPT, offset)}` : text.slice(0, offset);
  const after = text.slice(offset, offset + EXCERPT);
  return `found ${after[0]} in: ${before}${after}${offset + EXCERPT < text.length ? '…' : ''}`;
}

/**
 * Parsed JSON as the queue's input: the queue checks each field itself. A command that names no directory gets `cwd`.
 */
export function asJobInput(value: unknown, cwd: string): JobInput {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) return value as JobInput;
  const input = value as CommandInput;
  // It was parsed for us alone; a copy would be a tenth of the time that a line takes.
  if (!('handler' in input)) input.cwd ??= cwd;
  return input;
}
