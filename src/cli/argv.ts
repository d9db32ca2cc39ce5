/** Reads argv as far as the command's name. Everything after the name is left to the command's parser. */
import { GLOBAL_FLAGS } from './flags.js';

export interface SplitArgv {
  /** What stood before the first `--`. */
  readonly words: readonly string[];
  /** What stood after it; null where there was none. */
  readonly after: readonly string[] | null;
}

/** Splits at the first `--`: commander drops it, and with it the difference between our flags and a job's. */
export function splitArgv(argv: readonly string[]): SplitArgv {
  const index = argv.indexOf('--');
  if (index === -1) return { words: argv, after: null };
  return { words: argv.slice(0, index), after: argv.slice(index + 1) };
}

export interface Named {
  /** The words of the command's name: none, "list", or "worker" and "start". */
  readonly name: readonly string[];
  /** All other words, in their order. */
  readonly rest: readonly string[];
}

/** Takes the command's name out of the words; flags that every command has may stand before it. */
export function takeName(words: readonly string[], isGroup: (word: string) => boolean): Named {
  const name: string[] = [];
  const rest: string[] = [];
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith('-') && word !== '-') {
      rest.push(word);
      const value = words[index + 1];
      if (takesNextWord(word) && value !== undefined) {
        rest.push(value);
        index += 1;
      }
      continue;
    }
    name.push(word);
    if (name.length === 2 || !isGroup(word)) break;
  }
  return { name, rest: [...rest, ...words.slice(index + 1)] };
}

function takesNextWord(word: string): boolean {
  return GLOBAL_FLAGS.some((flag) => flag.argument !== undefined && word === `--${flag.long}`);
}
