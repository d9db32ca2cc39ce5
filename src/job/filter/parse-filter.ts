/**
 * The filter language: `state:dead queue:video (tag:nightly or exit:137) not command~ffmpeg`, ids, ranges and `last`.
 * Words that stand side by side must all hold; ids that stand side by side are one list. Pure.
 */
import { usageError } from '../../errors.js';
import { EVERY_JOB } from './filter.js';
import type { Filter, JobsFilter, Range } from './filter.js';
import { readTerm } from './terms.js';
import { splitWords, termOf, wordError } from './words.js';
import type { Word } from './words.js';

const MOST_WORDS = 1000;
const DEEPEST = 50;

/** Throws `usage`, which names the word that is wrong. */
export function parseFilter(input: string | readonly string[]): Filter {
  const words = splitWords(input);
  if (words.length > MOST_WORDS)
    throw usageError(`a filter has at most ${MOST_WORDS} words, not ${words.length}`);
  const parser = new Parser(words);
  return parser.parse();
}

class Parser {
  readonly #words: readonly Word[];
  #next = 0;
  #depth = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  parse(): Filter {
    const filter = this.#alternatives();
    const word = this.#words[this.#next];
    if (word !== undefined) throw wordError(word, 'nothing is open that it could close');
    return filter;
  }

  #alternatives(): Filter {
    const parts = [this.#conjunction()];
    while (this.#take('or')) parts.push(this.#conjunction());
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : { kind: 'some', of: parts };
  }

  #conjunction(): Filter {
    const parts: Filter[] = [];
    for (;;) {
      const word = this.#words[this.#next];
      if (word === undefined || isWord(word, 'or') || isWord(word, ')')) break;
      if (this.#take('and')) {
        if (parts.length === 0) throw wordError(word, 'nothing stands before it');
        this.#requireMore(word);
        continue;
      }
      parts.push(this.#part(word));
    }
    const joined = joinJobs(parts);
    const [first] = joined;
    if (first === undefined && this.#words.length > 0) throw this.#missing();
    if (first === undefined) return EVERY_JOB;
    return joined.length === 1 ? first : { kind: 'every', of: joined };
  }

  #part(word: Word): Filter {
    this.#next += 1;
    if (isWord(word, 'not')) {
      const negated = this.#requireMore(word);
      return this.#nested(word, () => ({ kind: 'not', of: this.#part(negated) }));
    }
    if (isWord(word, '(')) {
      const inner = this.#nested(word, () => this.#alternatives());
      if (!this.#take(')')) throw wordError(word, 'it is not closed');
      return inner;
    }
    const term = termOf(word);
    return term === undefined ? readJobs(word) : readTerm(word, term);
  }

  /** Each level is a call of ours: a thousand parentheses must not end the process. */
  #nested(word: Word, read: () => Filter): Filter {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw wordError(word, `more than ${DEEPEST} levels`);
    const filter = read();
    this.#depth -= 1;
    return filter;
  }

  #requireMore(word: Word): Word {
    const next = this.#words[this.#next];
    if (next === undefined || isWord(next, 'or') || isWord(next, 'and') || isWord(next, ')'))
      throw wordError(word, 'nothing follows it');
    return next;
  }

  #missing(): Error {
    const word = this.#words[this.#next] ?? this.#words.at(-1);
    return word === undefined
      ? usageError('the filter is empty')
      : wordError(word, 'something is missing beside it');
  }

  #take(text: string): boolean {
    const word = this.#words[this.#next];
    if (word === undefined || !isWord(word, text)) return false;
    this.#next += 1;
    return true;
  }
}

function isWord(word: Word, text: string): boolean {
  return !word.isQuoted && word.text.toLowerCase() === text;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

/** `42`, `3-9`, `build-1`, `3-9,12`, `last`, `all`. */
function readJobs(word: Word): Filter {
  const ids: string[] = [];
  const ranges: Range[] = [];
  let last = false;
  for (const name of word.plain.split(',')) {
    const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(name) ?? [];
    if (from !== undefined && to !== undefined) ranges.push(readRange(word, Number(from), Number(to)));
    else if (name === 'all') return EVERY_JOB;
    else if (name === 'last') last = true;
    else if (NAME.test(name)) ids.push(name);
    else
      throw wordError(
        word,
        name === '' ? 'an empty word in the list' : 'neither a job nor a KEY:VALUE',
        'queuectl help filters',
      );
  }
  return { kind: 'jobs', ids, ranges, last };
}

function readRange(word: Word, from: number, to: number): Range {
  if (from <= to) return { from, to };
  throw wordError(word, `the range "${from}-${to}" ends before it begins`);
}

/** `3 5 state:dead` is the jobs 3 and 5, where they are dead. */
function joinJobs(parts: readonly Filter[]): Filter[] {
  const named = parts.filter((part): part is JobsFilter => part.kind === 'jobs');
  if (named.length < 2) return [...parts];
  const all: JobsFilter = {
    kind: 'jobs',
    ids: [...new Set(named.flatMap(({ ids }) => ids))],
    ranges: named.flatMap(({ ranges }) => ranges),
    last: named.some(({ last }) => last),
  };
  return [all, ...parts.filter((part) => part.kind !== 'jobs')];
}
