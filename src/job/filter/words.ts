/** A filter's text as words. Pure. */
import { usageError } from '../../errors.js';
import { show } from '../show-value.js';

/** One word of a filter. */
export interface Word {
  /** As it was written. */
  readonly text: string;
  /** Without its quotes. */
  readonly plain: string;
  /** It stands for itself, whatever it looks like. */
  readonly isQuoted: boolean;
}

/** A key, what stands between it and its value, and the value. */
const TERM = /^([A-Za-z][A-Za-z_-]*)(!=|!~|>=|<=|:|=|~|>|<)(.*)$/s;

export interface Term {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
}

/** Undefined for a word that names jobs. */
export function termOf(word: Word): Term | undefined {
  const [, key, operator, value] = TERM.exec(word.plain) ?? [];
  if (key === undefined || operator === undefined || value === undefined) return undefined;
  return { key: key.toLowerCase().replaceAll('_', '-'), operator, value };
}

/** An error about one word, which it names. */
export function wordError(word: Word, problem: string, hint = 'queuectl help filters'): Error {
  return usageError(`in the filter, ${show(word.text)}: ${problem}`, hint);
}

/**
 * A text is split at its spaces and parentheses; quotes, which keep a word together, go. A list is what a shell made of a
 * command line: each argument is split in the same way, but for one that asks for a text of several words.
 */
export function splitWords(input: string | readonly string[]): Word[] {
  if (typeof input === 'string') return splitText(input);
  return input.flatMap((argument) => {
    const words = splitText(argument);
    const [first] = words;
    // The shell has taken the quotes of command~"two words".
    const isText = first !== undefined && /^(?:command|label|reason)$/.test(termOf(first)?.key ?? '');
    return isText && words.length > 1 && words.slice(1).every(isPlainText) ? [oneWord(argument)] : words;
  });
}

function isPlainText(word: Word): boolean {
  return !word.isQuoted && termOf(word) === undefined && !/^(?:and|or|not|\(|\))$/i.test(word.text);
}

function oneWord(text: string): Word {
  return { text, plain: text, isQuoted: false };
}

const PIECE = /\s+|[()]|(?:"[^"]*"|'[^']*'|[^\s()"'])+|["']/gy;

function splitText(text: string): Word[] {
  const words: Word[] = [];
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece.trim() === '') continue;
    if (piece === '"' || piece === "'")
      throw usageError(`in the filter, a quote is not closed: ${show(text)}`, 'queuectl help filters');
    const plain = piece.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2');
    words.push({ text: piece, plain, isQuoted: piece.startsWith('"') || piece.startsWith("'") });
  }
  return words;
}
