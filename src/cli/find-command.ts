/** Finds a command in the table by the words that a person typed. */
import { didYouMean, usageError } from '../errors.js';
import type { CommandEntry } from './command.js';

type Commands = readonly CommandEntry[];

/** Is the word the first of several commands' names ("worker")? */
export function isGroup(commands: Commands, word: string): boolean {
  return commands.some((command) => command.name.startsWith(`${word} `));
}

export function commandsOfGroup(commands: Commands, group: string): Commands {
  return commands.filter((command) => command.name.startsWith(`${group} `));
}

/** The command of that name or alias. Throws `usage` with the nearest one. */
export function findCommand(commands: Commands, name: readonly string[]): CommandEntry {
  const wanted = name.join(' ');
  const found = commands.find((command) => command.name === wanted || command.aliases.includes(wanted));
  if (found !== undefined) return found;
  const [group, word] = name;
  if (group !== undefined && isGroup(commands, group)) throw badSubcommand(commands, group, word);
  const subcommand = commands.find((command) => command.name.endsWith(` ${wanted}`));
  const hint =
    subcommand === undefined ? didYouMean(wanted, topWords(commands)) : `did you mean "${subcommand.name}"?`;
  throw usageError(`unknown command "${wanted}"`, hint ?? 'queuectl help lists the commands');
}

function badSubcommand(commands: Commands, group: string, word: string | undefined): Error {
  const words = commandsOfGroup(commands, group).map((command) => command.name.slice(group.length + 1));
  const choice = `queuectl ${group} ${words.join('|')}`;
  if (word === undefined) return usageError(`"${group}" needs one more word`, choice);
  const nearest = didYouMean(word, words)?.replace('"', `"${group} `);
  return usageError(`unknown command "${group} ${word}"`, nearest ?? choice);
}

function topWords(commands: Commands): string[] {
  const words = commands.flatMap((command) => [command.name.split(' ')[0] ?? '', ...command.aliases]);
  return [...new Set(words)];
}
