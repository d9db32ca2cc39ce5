/** Flags: how a command declares them, and how it reads what was given. */
import { usageError } from '../errors.js';
import { readValue, valueOfText } from '../job/option-kinds.js';
import type { OptionKind } from '../job/option-kinds.js';

export interface Flag {
  /** The name without its dashes: "max-retries". */
  readonly long: string;
  readonly short?: string | undefined;
  /** What stands for the value in the help; a flag without one is a switch. */
  readonly argument?: string | undefined;
  readonly help: string;
}

/** Every command has these. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { long: 'json', help: 'print JSON' },
  { long: 'fields', argument: 'A,B', help: 'with --json: these fields only' },
  { long: 'quiet', short: 'q', help: 'no sentences, headings and notes; where there are ids, ids alone' },
  { long: 'no-color', help: 'no colour (so do NO_COLOR and TERM=dumb)' },
  { long: 'db', argument: 'URL', help: 'the queue in this PostgreSQL database (QUEUECTL_DATABASE_URL)' },
  { long: 'lock-timeout', argument: 'DURATION', help: 'how long to wait for a locked database (10s)' },
  { long: 'debug', help: 'with an error, print where it came from' },
  { long: 'help', short: 'h', help: 'print this help' },
];

export function isSwitch(flag: Flag): boolean {
  return flag.argument === undefined;
}

/** The flags of one invocation. A flag with a value that was given twice: the last one wins. */
export class Flags {
  readonly #given: ReadonlyMap<string, readonly string[]>;

  constructor(given: ReadonlyMap<string, readonly string[]>) {
    this.#given = given;
  }

  has(long: string): boolean {
    return this.#given.has(long);
  }

  text(long: string): string | undefined {
    return this.#given.get(long)?.at(-1);
  }

  /** All values, for a flag that may be given many times. */
  texts(long: string): readonly string[] {
    return this.#given.get(long) ?? [];
  }

  /** "a,b" as words, none of them empty; undefined where the flag was not given. */
  list(long: string): string[] | undefined {
    const text = this.text(long);
    if (text === undefined) return undefined;
    const words = text.split(',').map((word) => word.trim());
    if (words.includes('')) throw usageError(`--${long} has an empty word in it: "${text}"`);
    return words;
  }

  /** A whole number in the range, or undefined where the flag was not given. Throws `usage`. */
  integer(long: string, min: number, max: number): number | undefined {
    return this.#checked(long, { kind: 'integer', min, max });
  }

  /** In milliseconds, or undefined where the flag was not given. Throws `usage`. */
  duration(long: string, maxMs: number): number | undefined {
    return this.#checked(long, { kind: 'duration', minMs: 0, maxMs });
  }

  #checked(long: string, kind: OptionKind & { kind: 'integer' | 'duration' }): number | undefined {
    const text = this.text(long);
    return text === undefined ? undefined : Number(readValue(kind, valueOfText(kind, text), `--${long}`));
  }
}
