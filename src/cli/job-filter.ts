/** The flags that choose jobs. */
import { cursorOf } from '../job/cursor.js';
import type { Filter } from '../job/filter/filter.js';
import { parseFilter } from '../job/filter/parse-filter.js';
import { readTerm } from '../job/filter/terms.js';
import type { Job } from '../job/job.js';
import { readValue } from '../job/option-kinds.js';
import { unknownWord } from '../job/show-value.js';
import { isState, STATES } from '../job/state.js';
import type { State } from '../job/state.js';
import type { ListOptions } from '../list-options.js';
import type { Queue } from '../queue.js';
import type { Flag, Flags } from './flags.js';

const MOST_ROWS = 1_000_000;

const QUEUE_FLAG: Flag = {
  long: 'queue',
  short: 'g',
  argument: 'NAME',
  help: 'jobs of this queue only',
};
/** Those that a filter says in words of its own: --tag nightly is tag:nightly. */
export const FILTER_FLAGS: readonly Flag[] = [
  QUEUE_FLAG,
  { long: 'tag', short: 't', argument: 'TAG', help: 'with this tag' },
  { long: 'since', argument: 'TIME', help: 'changed since then: 2h ago, or a time' },
  { long: 'until', argument: 'TIME', help: 'not changed since then' },
];
export const LIMIT_FLAG: Flag = { long: 'limit', argument: 'N', help: 'at most so many (100)' };
export const AFTER_FLAG: Flag = {
  long: 'after',
  argument: 'PLACE',
  help: 'the next page: what stands behind this place, as the note under a page and "cursor" in the JSON tell it',
};

/** "dead,failed", or "all". Throws `usage` with the nearest state. */
export function readStates(flags: Flags, fallback: readonly State[]): readonly State[] {
  const words = flags.list('state');
  if (words === undefined) return fallback;
  if (words.includes('all')) return STATES;
  return [...new Set(words.map(readState))];
}

function readState(word: string): State {
  if (isState(word)) return word;
  throw unknownWord('state', word, [...STATES, 'all']);
}

export function readQueue(flags: Flags): string | undefined {
  const queue = flags.text('queue');
  return queue === undefined ? undefined : String(readValue({ kind: 'name' }, queue, '--queue'));
}

/** What the words and flags choose beside the states. Throws `usage`. */
export function readFilter(words: readonly string[], flags: Flags): Pick<ListOptions, 'filter' | 'queue'> {
  const terms = [
    ...termsOf(flags, 'tag', 'tag'),
    ...termsOf(flags, 'since', 'after'),
    ...termsOf(flags, 'until', 'before'),
  ];
  const queue = readQueue(flags);
  if (words.length + terms.length === 0) return { queue };
  const filters = [...(words.length === 0 ? [] : [parseFilter(words)]), ...terms];
  return { queue, filter: { kind: 'every', of: filters } };
}

function termsOf(flags: Flags, long: string, key: string): Filter[] {
  const value = flags.text(long);
  if (value === undefined) return [];
  return [
    readTerm({ text: `--${long} ${value}`, plain: value, isQuoted: false }, { key, operator: ':', value }),
  ];
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** Where there are more: how to get them. */
  readonly more: string | undefined;
}

/** One page, by --limit and --after. Throws `usage`. */
export async function readPage(
  queue: Queue,
  filter: Pick<ListOptions, 'states' | 'queue' | 'filter' | 'sort'>,
  flags: Flags,
): Promise<JobPage> {
  const limit = readLimit(flags);
  // One more than is shown tells whether there are more.
  const found = await queue.list({ ...filter, limit: limit + 1, after: flags.text('after') });
  const jobs = found.slice(0, limit);
  const last = jobs.at(-1);
  if (found.length <= limit || last === undefined) return { jobs, more: undefined };
  return {
    jobs,
    more: `there are more than ${limit}: --limit ${limit * 10}${filter.sort === undefined ? `, or next --after ${cursorOf(last)}` : ''}`,
  };
}

function readLimit(flags: Flags): number {
  return flags.integer('limit', 1, MOST_ROWS) ?? 100;
}
