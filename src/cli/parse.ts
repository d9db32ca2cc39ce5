/** The command's words through commander: it alone knows how flags are written. */
import { Command as Parser, CommanderError, Option } from 'commander';
import { usageError } from '../errors.js';
import type { Command, CommandEntry } from './command.js';
import { Flags, GLOBAL_FLAGS, isSwitch } from './flags.js';
import type { Flag } from './flags.js';

export interface Parsed {
  readonly flags: Flags;
  readonly args: readonly string[];
}

/** Reads the words that follow the command's name. Throws `usage` with a hint. */
export function parseWords(entry: CommandEntry, command: Command, words: readonly string[]): Parsed {
  const given = new Map<string, string[]>();
  const parser = createParser(entry, command);
  for (const flag of allFlags(command)) {
    parser.on(`option:${flag.long}`, (value: unknown) => {
      given.set(flag.long, [...(given.get(flag.long) ?? []), typeof value === 'string' ? value : '']);
    });
  }
  try {
    parser.parse([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw toUsageError(error, `queuectl help ${entry.name}`);
    throw error;
  }
  return { flags: new Flags(given), args: parser.args };
}

/** The help of one command: its examples come first. */
export function helpText(entry: CommandEntry, command: Command): string {
  const parser = createParser(entry, command);
  const width = Math.max(...command.examples.map((example) => example.command.length));
  const examples = command.examples.map(({ command, does }) => `  ${command.padEnd(width)}  # ${does}`);
  const aliases = entry.aliases.length === 0 ? '' : `Also: queuectl ${entry.aliases.join(', queuectl ')}\n`;
  return `Examples:\n${examples.join('\n')}\n\n${aliases}${parser.helpInformation()}`;
}

function createParser(entry: CommandEntry, command: Command): Parser {
  const parser = new Parser(`queuectl ${entry.name}`)
    .usage(command.usage)
    .description(
      paragraphs(command.description ?? `${entry.summary[0]?.toUpperCase() ?? ''}${entry.summary.slice(1)}.`),
    )
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
    .configureHelp({ helpWidth: 100 });
  if (command.arguments !== undefined) parser.arguments(command.arguments);
  for (const flag of command.flags ?? []) parser.addOption(toOption(flag));
  for (const flag of GLOBAL_FLAGS) parser.addOption(toOption(flag).helpGroup('Every command has:'));
  return parser;
}

/** Single newlines are those of our source; commander breaks the lines for the reader. */
function paragraphs(text: string): string {
  return text.replace(/(?<!\n)\n(?!\n)/g, ' ');
}

function allFlags(command: Command): readonly Flag[] {
  return [...(command.flags ?? []), ...GLOBAL_FLAGS];
}

function toOption(flag: Flag): Option {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  const value = isSwitch(flag) ? '' : ` <${flag.argument}>`;
  return new Option(`${short}--${flag.long}${value}`, flag.help);
}

/** commander's message without its "error: ", its suggestion as our hint. */
function toUsageError(error: CommanderError, otherwise: string): Error {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const meant = /Did you mean (.*)\?/.exec(suggestion ?? '')?.[1];
  return usageError(message, meant === undefined ? otherwise : `did you mean "${meant}"?`);
}
