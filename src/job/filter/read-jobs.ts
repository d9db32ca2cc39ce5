/** Jobs by name, as one word of a filter. Pure. */
import { EVERY_JOB } from './filter.js';
import type { Filter, Range } from './filter.js';
import { wordError } from './words.js';
import type { Word } from './words.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

/** `42`, `3-9`, `build-1`, `3-9,12`, `last`, `all`. Throws `usage`, which names the word. */
export function readJobs(word: Word, text: string): Filter {
  const ids: string[] = [];
  const ranges: Range[] = [];
  let last = false;
  for (const name of text.split(',')) {
    const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(name) ?? [];
    if (from !== undefined && to !== undefined) ranges.push(readRange(word, Number(from), Number(to)));
    else if (name === 'all') return EVERY_JOB;
    else if (name === 'last') last = true;
    else if (NAME.test(name)) ids.push(name);
    else throw wordError(word, name === '' ? 'an empty word in the list' : 'neither a job nor a KEY:VALUE');
  }
  return { kind: 'jobs', ids, ranges, last };
}

function readRange(word: Word, from: number, to: number): Range {
  if (from <= to) return { from, to };
  throw wordError(word, `the range "${from}-${to}" ends before it begins`);
}
