/**
 * Where `queuectl` starts: find the command in argv, load it alone, run it, exit with its code. Nothing else
 * is loaded: a person feels each millisecond of it.
 */
import { splitArgv, takeName } from './argv.js';
import type { CommandEntry } from './command.js';
import { RUN_FAILED } from './exit-code.js';
import { findCommand, isGroup } from './find-command.js';
import { ReaderGone } from './output/print.js';
import { wantsColor } from './output/terminal.js';

type Commands = readonly CommandEntry[];

/** Runs the command that argv names; its exit code. Never throws. */
async function run(commands: Commands, argv: readonly string[]): Promise<number> {
  const { words, after } = splitArgv(argv);
  let entry: CommandEntry | undefined;
  try {
    const { name, rest } = takeName(words, (word) => isGroup(commands, word));
    const shortcut = await helpOrVersion(commands, name, rest);
    if (shortcut !== undefined) return shortcut;
    entry = findCommand(commands, name);
    return await runCommand(commands, entry, rest, after);
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    const code = await report(error, words, entry?.name);
    return entry?.name === 'run' ? RUN_FAILED : code;
  }
}

/** `queuectl`, `queuectl --version`, `queuectl worker --help`: what has no command of its own. */
async function helpOrVersion(
  commands: Commands,
  name: readonly string[],
  rest: readonly string[],
): Promise<number | undefined> {
  const [word] = name;
  if (word !== undefined && (name.length > 1 || !isGroup(commands, word))) return undefined;
  const { printGroup, printOverview, printVersion } = await import('./help/print-help.js');
  if (word !== undefined)
    return rest.includes('--json') ? undefined : printGroup(commands, word, asksForHelp(rest));
  return rest.includes('--version') || rest.includes('-V') ? printVersion() : printOverview(commands, rest);
}

async function runCommand(
  commands: Commands,
  entry: CommandEntry,
  rest: readonly string[],
  after: readonly string[] | null,
): Promise<number> {
  const command = await entry.load();
  const { helpText, parseWords } = await import('./parse.js');
  if (asksForHelp(rest)) return (await import('./help/print-help.js')).printHelp(helpText(entry, command));
  // For a command that takes no other command, `--` only says that no flags follow.
  const words = after === null || command.takesJobWords ? rest : [...rest, '--', ...after];
  const { createContext } = await import('./context.js');
  const { flags, args } = parseWords(entry, command, words);
  return (await command.run(createContext(command, flags, args, after, commands))) ?? 0;
}

function asksForHelp(words: readonly string[]): boolean {
  return words.includes('--help') || words.includes('-h');
}

/** Before the flags are parsed, too: a script that asked for JSON gets its errors as JSON. */
async function report(error: unknown, words: readonly string[], command?: string): Promise<number> {
  const color = wantsColor(2, process.env, words.includes('--no-color'));
  const { reportError } = await import('./report.js');
  return reportError(error, {
    json: words.includes('--json'),
    debug: words.includes('--debug'),
    color,
    command,
  });
}

/** The process, from argv to its exit code. */
export function main(commands: Commands): void {
  // Everything printed is out by now, and whatever a library left open must not hold the prompt back.
  void run(commands, process.argv.slice(2)).then((code) => process.exit(code));
}
