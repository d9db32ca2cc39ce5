import { didYouMean, usageError } from '../../errors.js';
import type { Command, CommandEntry, Context } from '../command.js';
import { findCommand, isGroup } from '../find-command.js';
import { overview, printGroup, printHelp } from '../help/print-help.js';
import { TOPICS } from '../help/topics.js';
import { helpText } from '../parse.js';

export const help: Command = {
  usage: '[COMMAND | TOPIC]',
  arguments: '[words...]',
  description: `Prints the help of a command, or of a topic: ${Object.keys(TOPICS).join(', ')}.`,
  examples: [
    { command: 'queuectl help enqueue', does: 'a command' },
    { command: 'queuectl help exit-codes', does: 'a topic' },
  ],
  run: async ({ args, commands }) => {
    const [word, ...more] = args;
    if (word === undefined) return printHelp(overview(commands));
    const topic = more.length === 0 ? TOPICS[word] : undefined;
    if (topic !== undefined) return printHelp(topic());
    if (more.length === 0 && isGroup(commands, word)) return printGroup(commands, word, true);
    const entry = findHelped(commands, args, word);
    return printHelp(helpText(entry, await entry.load()));
  },
};

/** Commands are known by findCommand; a mistyped topic is recognised here. */
function findHelped(commands: Context['commands'], args: readonly string[], word: string): CommandEntry {
  try {
    return findCommand(commands, args);
  } catch (error) {
    const commandNames = commands.flatMap(({ name, aliases }) => [name, ...aliases]);
    const topic = didYouMean(word, Object.keys(TOPICS));
    const nearest = didYouMean(word, [...commandNames, ...Object.keys(TOPICS)]);
    throw topic === undefined || topic !== nearest ? error : usageError(`unknown topic "${word}"`, topic);
  }
}
