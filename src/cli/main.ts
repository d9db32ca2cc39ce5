/**
 * Where `queuectl` starts: find the command in argv, load it alone, run it, exit with its code. Nothing else
 * is loaded: a person feels each millisecond of it.
 */
import { splitArgv, takeName } from './argv.js';
import type { CommandEntry } from './command.js';
import { COMMANDS } from './command-table.js';
import { RUN_FAILED } from './exit-code.js';
import { findCommand, isGroup } from './find-command.js';
import { ReaderGone } from './output/print.js';
import { wantsColor } from './output/terminal.js';

/** Runs the command that argv names; its exit code. Never throws. */
async function main(argv: readonly string[]): Promise<number> {
  const { words, after } = splitArgv(argv);
  let entry: CommandEntry | undefined;
  try {
    const { name, rest } = takeName(words, (word) => isGroup(COMMANDS, word));
    const shortcut = await helpOrVersion(name, rest);
    if (shortcut !== undefined) return shortcut;
    entry = findCommand(COMMANDS, name);
    return await runCommand(entry, rest, after);
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    const code = await report(error, words, entry?.name);
    return entry?.name === 'run' ? RUN_FAILED : code;
  }
}

/** `queuectl`, `queuectl --version`, `queuectl worker --help`: what has no command of its own. */
async function helpOrVersion(name: readonly string[], rest: readonly string[]): Promise<number | undefined> {
  const [word] = name;
  if (word !== undefined && (name.length > 1 || !isGroup(COMMANDS, word))) return undefined;
  const { printGroup, printOverview, printVersion } = await import('./help/print-help.js');
  if (word !== undefined)
    return rest.includes('--json') ? undefined : printGroup(COMMANDS, word, asksForHelp(rest));
  return rest.includes('--version') || rest.includes('-V') ? printVersion() : printOverview(COMMANDS, rest);
}

async function runCommand(
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
  return (await command.run(createContext(command, flags, args, after, COMMANDS))) ?? 0;
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

// Everything printed is out by now, and whatever a library left open must not hold the prompt back.
void main(process.argv.slice(2)).then((code) => process.exit(code));
