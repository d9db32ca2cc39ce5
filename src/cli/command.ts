/** What a command is: words for its help and one function. */
import type { Queue } from '../queue.js';
import type { Flag, Flags } from './flags.js';
import type { Output } from './output/output.js';

export interface Command {
  /** What follows the name: `ID [ID…]`. */
  readonly usage: string;
  /** Its positional arguments as commander writes them: `<id>`, `[words...]`. */
  readonly arguments?: string;
  /** More than the table's summary, where there is more to say. */
  readonly description?: string;
  readonly examples: readonly Example[];
  readonly flags?: readonly Flag[];
  /** The fields of its JSON, for `--fields`; a command without them refuses it. */
  readonly fields?: () => readonly string[];
  /** What stands after `--` is a command to run, not more arguments. */
  readonly takesJobWords?: true;
  /** Resolves to the exit code; nothing means 0. Throws QueueError. */
  readonly run: (context: Context) => Promise<number | void>;
}

/** A row of the command table. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export function entry(
  name: string,
  summary: string,
  load: () => Promise<Command>,
  ...aliases: string[]
): CommandEntry {
  return { name, aliases, summary, load };
}

interface Example {
  readonly command: string;
  readonly does: string;
}

/** Everything a command may look at or touch: no command reads argv, the environment or the terminal itself. */
export interface Context {
  /** The command table, for `help`. */
  readonly commands: readonly CommandEntry[];
  readonly flags: Flags;
  readonly args: readonly string[];
  /** The words after `--`; null where there was none. */
  readonly jobWords: readonly string[] | null;
  readonly output: Output;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens the queue of the home; `lockTimeoutMs` where the command knows better than the settings. */
  readonly openQueue: (options?: { readonly lockTimeoutMs?: number }) => Promise<Queue>;
}
