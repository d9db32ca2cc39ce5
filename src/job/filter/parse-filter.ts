/**
 * The filter language: `state:dead queue:video (tag:nightly or exit:137) not command~ffmpeg`, ids, ranges and `last`.
 * Words that stand side by side must all hold; ids that stand side by side are one list. Pure.
 */
import { usageError } from '../../errors.js';
import type { Filter, JobsFilter } from './filter.js';
import { readJobs } from './read-jobs.js';
import { readTerm } from './terms.js';
import { splitWords, termOf, wordError } from './words.js';
import type { Word } from './words.js';

const MOST_WORDS = 1000;
const DEEPEST = 50;

/** Throws `usage`, which names the word that is wrong; also for no word at all, lest an empty variable mean every job. */
export function parseFilter(input: string | readonly string[]): Filter {
  const words = splitWords(input);
  if (words.length === 0) throw usageError('the filter is empty', 'all means every job');
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
    if (first === undefined) throw this.#missing();
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
    return term === undefined ? readJobs(word, word.plain) : readTerm(word, term);
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
    if (word === undefined) throw new Error('a filter without words');
    return wordError(word, 'something is missing beside it');
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
