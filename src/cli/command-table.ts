/** Every command. Its module is loaded only when it is the one that runs. */
import { didYouMean, usageError } from '../errors.js';
import type { Command } from './command.js';

export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

function entry(
  name: string,
  summary: string,
  load: () => Promise<Command>,
  ...aliases: string[]
): CommandEntry {
  return { name, aliases, summary, load };
}

export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'enqueue',
    'put jobs into the queue',
    async () => (await import('./commands/enqueue.js')).enqueue,
    'add',
  ),
  entry('run', 'run a command now, as a recorded job', async () => (await import('./commands/run.js')).run),
  entry('list', 'list jobs', async () => (await import('./commands/list.js')).list, 'ls', 'ps'),
  entry('show', 'everything about one job', async () => (await import('./commands/show.js')).show, 'inspect'),
  entry('logs', 'what a job printed', async () => (await import('./commands/logs.js')).logs),
  entry(
    'status',
    'how many jobs and which workers there are',
    async () => (await import('./commands/status.js')).status,
  ),
  entry(
    'worker start',
    'run jobs, in this terminal',
    async () => (await import('./commands/worker-start.js')).workerStart,
  ),
  entry(
    'worker stop',
    'ask all workers to finish and exit',
    async () => (await import('./commands/worker-stop.js')).workerStop,
  ),
  entry(
    'worker list',
    'list the workers that run',
    async () => (await import('./commands/worker-list.js')).workerList,
  ),
  entry(
    'dlq list',
    'list the dead letter queue',
    async () => (await import('./commands/dlq-list.js')).dlqList,
  ),
  entry(
    'dlq retry',
    'let dead jobs run again',
    async () => (await import('./commands/dlq-retry.js')).dlqRetry,
  ),
  entry(
    'config list',
    'list the settings',
    async () => (await import('./commands/config-list.js')).configList,
  ),
  entry('config get', 'print one setting', async () => (await import('./commands/config-get.js')).configGet),
  entry('config set', 'change a setting', async () => (await import('./commands/config-set.js')).configSet),
  entry(
    'config unset',
    'return a setting to its default',
    async () => (await import('./commands/config-unset.js')).configUnset,
  ),
  entry(
    'config path',
    'print where the settings are stored',
    async () => (await import('./commands/config-path.js')).configPathCommand,
  ),
  entry(
    'version',
    'print the versions of all parts',
    async () => (await import('./commands/version.js')).version,
  ),
  entry('help', 'help for a command or a topic', async () => (await import('./commands/help.js')).help),
];

/** Is the word the first of several commands' names ("worker")? */
export function isGroup(word: string): boolean {
  return COMMANDS.some((command) => command.name.startsWith(`${word} `));
}

export function commandsOfGroup(group: string): readonly CommandEntry[] {
  return COMMANDS.filter((command) => command.name.startsWith(`${group} `));
}

/** The command of that name or alias. Throws `usage` with the nearest one. */
export function findCommand(name: readonly string[]): CommandEntry {
  const wanted = name.join(' ');
  const found = COMMANDS.find((command) => command.name === wanted || command.aliases.includes(wanted));
  if (found !== undefined) return found;
  const [group, word] = name;
  if (group !== undefined && isGroup(group)) throw badSubcommand(group, word);
  const subcommand = COMMANDS.find((command) => command.name.endsWith(` ${wanted}`));
  const hint =
    subcommand === undefined ? didYouMean(wanted, topWords()) : `did you mean "${subcommand.name}"?`;
  throw usageError(`unknown command "${wanted}"`, hint ?? 'queuectl help lists the commands');
}

function badSubcommand(group: string, word: string | undefined): Error {
  const words = commandsOfGroup(group).map((command) => command.name.slice(group.length + 1));
  const choice = `queuectl ${group} ${words.join('|')}`;
  if (word === undefined) return usageError(`"${group}" needs one more word`, choice);
  return usageError(`unknown command "${group} ${word}"`, didYouMean(word, words) ?? choice);
}

function topWords(): string[] {
  const words = COMMANDS.flatMap((command) => [command.name.split(' ')[0] ?? '', ...command.aliases]);
  return [...new Set(words)];
}
