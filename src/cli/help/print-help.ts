/** Help that belongs to no single command. Examples come first. */
import { usageError } from '../../errors.js';
import type { CommandEntry } from '../command.js';
import { EXIT_CODES } from '../exit-code.js';
import { commandsOfGroup } from '../find-command.js';
import { GLOBAL_FLAGS } from '../flags.js';
import { writeAll } from '../output/print.js';
import { VERSION } from '../versions.js';
import { TOPICS } from './topics.js';

export function printHelp(text: string): number {
  writeAll(1, text);
  return 0;
}

export function printVersion(): number {
  return printHelp(`queuectl ${VERSION}\n`);
}

/** `queuectl` alone, with nothing but flags. Throws `usage` for one that does not exist. */
export function printOverview(commands: readonly CommandEntry[], flags: readonly string[]): number {
  const known = GLOBAL_FLAGS.flatMap((flag) => [`--${flag.long}`, `-${flag.short}`]);
  const strange = flags.find((flag) => flag.startsWith('-') && !known.includes(flag.replace(/=.*/, '')));
  if (strange !== undefined) throw usageError(`unknown option "${strange}"`, 'queuectl help');
  return printHelp(overview(commands));
}

/** `queuectl worker`: the commands that begin so. Without one of them there is nothing to do, unless help was asked for. */
export function printGroup(commands: readonly CommandEntry[], group: string, asked: boolean): number {
  const text = `${commandLines(commandsOfGroup(commands, group))}\nqueuectl help ${group} COMMAND says more.\n`;
  if (asked) return printHelp(text);
  writeAll(2, `error: "${group}" needs one more word\n${text}`);
  return EXIT_CODES.usage;
}

export function overview(commands: readonly CommandEntry[]): string {
  return `QueueCTL runs shell commands in the background and never loses one.

Examples:
  queuectl enqueue -- make report     # put a job into the queue
  queuectl worker start --count 4     # run what is in it, four at a time
  queuectl list --state failed,dead   # what went wrong
  queuectl logs -f 42                 # what job 42 prints
  queuectl run -- make report         # run a command now, as a recorded job

Commands:
${commandLines(commands)}
Topics:
  queuectl help ${Object.keys(TOPICS).join('|')}

queuectl help COMMAND, or COMMAND --help, says more.
`;
}

function commandLines(commands: readonly CommandEntry[]): string {
  const names = commands.map((command) => [command.name, ...command.aliases].join(', '));
  const width = Math.max(...names.map((name) => name.length));
  return commands.map((command, index) => `  ${names[index]?.padEnd(width)}  ${command.summary}\n`).join('');
}
