/** How errors name what they were given. */
import { didYouMean, usageError } from '../errors.js';

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
