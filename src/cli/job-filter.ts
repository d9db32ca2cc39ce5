/** The flags that choose jobs. */
import { readValue } from '../job/option-kinds.js';
import { unknownWord } from '../job/show-value.js';
import { isState, STATES } from '../job/state.js';
import type { State } from '../job/state.js';
import type { Flag, Flags } from './flags.js';

const MOST_ROWS = 1_000_000;

export const QUEUE_FLAG: Flag = {
  long: 'queue',
  short: 'g',
  argument: 'NAME',
  help: 'jobs of this queue only',
};
export const LIMIT_FLAG: Flag = { long: 'limit', argument: 'N', help: 'at most so many (100)' };

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

export function readLimit(flags: Flags): number {
  return flags.integer('limit', 1, MOST_ROWS) ?? 100;
}
