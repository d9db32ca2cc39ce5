import { usageError } from '../errors.js';
import { homeDirectory } from '../home.js';
import { maskedUrl, readDatabaseUrl } from '../job/database-url.js';
import { unknownWord } from '../job/show-value.js';
import { HOUR } from '../time.js';
import type { Command, Context } from './command.js';
import type { Flags } from './flags.js';
import { Output } from './output/output.js';
import { isTerminal, wantsColor } from './output/terminal.js';

/** Checks what every command has in common, before the command does anything. Throws `usage`. */
export function createContext(
  command: Command,
  flags: Flags,
  args: readonly string[],
  jobWords: readonly string[] | null,
  commands: Context['commands'],
): Context {
  const env = environment(flags);
  const home = homeDirectory(env);
  const lockTimeoutMs = flags.duration('lock-timeout', HOUR);
  const output = new Output({
    json: flags.has('json'),
    quiet: flags.has('quiet'),
    terminal: isTerminal(1),
    color: wantsColor(1, env, flags.has('no-color')),
    fields: pickedFields(command, flags),
  });
  return {
    commands,
    flags,
    args,
    jobWords,
    output,
    home,
    env,
    openQueue: async (options) => {
      const { openQueue } = await import('../open-queue.js');
      const timeout = lockTimeoutMs ?? options?.lockTimeoutMs;
      return openQueue(home, { env, ...(timeout === undefined ? {} : { lockTimeoutMs: timeout }) });
    },
  };
}

/** `--db` comes before the environment, here and in a worker that this command starts. */
function environment(flags: Flags): Context['env'] {
  const url = flags.text('db');
  if (url === undefined) return process.env;
  readDatabaseUrl(url, '--db');
  // What gives access to the database is not to be seen in a list of processes.
  process.title = process.argv.map((word) => word.replace(url, maskedUrl(url))).join(' ');
  return { ...process.env, QUEUECTL_DATABASE_URL: url };
}

function pickedFields(command: Command, flags: Flags): readonly string[] | undefined {
  const picked = flags.list('fields');
  if (picked === undefined) return undefined;
  if (!flags.has('json')) throw usageError('--fields needs --json');
  const known = command.fields?.();
  if (known === undefined) throw usageError('this command has no --fields');
  const unknown = picked.find((field) => !known.includes(field));
  if (unknown !== undefined) throw unknownWord('field', unknown, known);
  return picked;
}
