/** The flags of `enqueue` and `run`, made from the one table of job options. */
import { resolve } from 'node:path';
import { usageError } from '../errors.js';
import type { Command as JobCommand } from '../job/job.js';
import { readValue, valueOfText } from '../job/option-kinds.js';
import { JOB_OPTIONS } from '../job/options.js';
import type { CommandInput } from '../job/input.js';
import type { JobOption } from '../job/options.js';
import type { Flag, Flags } from './flags.js';
import type { InputDefaults } from './read-json.js';

type OptionName = (typeof JOB_OPTIONS)[number]['name'];

/** One flag for each job option, but for the command (which has words of its own) and those left out. */
export function jobFlags(without: readonly OptionName[] = []): readonly Flag[] {
  return optionsWithFlag()
    .filter((option) => !without.some((name) => name === option.name))
    .map((option) => ({
      long: flagName(option),
      short: option.short,
      argument: option.argument,
      help: helpOf(option),
    }));
}

/** The job that a command and flags describe. Throws `usage`. */
export function jobFromFlags(command: JobCommand, flags: Flags): CommandInput {
  return { ...defaultsFromFlags(flags), command };
}

/** The fields that flags gave, each checked under its flag's name. `cwd` is always among them. Throws `usage`. */
export function defaultsFromFlags(flags: Flags): InputDefaults {
  return { cwd: callerDirectory(), ...settingsFromFlags(flags) };
}

/** The same without the directory of the caller. */
export function settingsFromFlags(flags: Flags): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const option of optionsWithFlag()) {
    const value = valueOfFlag(option, flags);
    if (value === undefined) continue;
    readValue(option.value, value, `--${flagName(option)}`);
    input[option.name] = value;
  }
  return input;
}

/** The job options that were given as flags, as `--queue`. */
export function givenJobFlags(flags: Flags): string[] {
  return optionsWithFlag()
    .map(flagName)
    .filter((long) => flags.has(long))
    .map((long) => `--${long}`);
}

/** One word after `--` is a line for the shell, several are exact argv. Throws `usage` where there is none. */
export function commandOfWords(words: readonly string[]): JobCommand {
  const [first] = words;
  if (first === undefined) throw usageError('no command after "--"', 'queuectl enqueue -- sleep 2');
  const command = words.length === 1 ? first : words;
  readValue({ kind: 'command' }, command, 'the command');
  return command;
}

/** Where the caller is: a job runs there unless it says otherwise. Throws `usage` where that directory is gone. */
export function callerDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw usageError(
      `the current directory cannot be used: ${String(error)}`,
      'go to another one, or give --cwd',
    );
  }
}

export function flagName(option: JobOption): string {
  return option.flag ?? option.name.replaceAll('_', '-');
}

/** A command has words of its own; a handler's job is a program's, which has no use for flags. */
const WITHOUT_FLAG: readonly string[] = ['command', 'handler', 'payload'];

export function hasFlag(option: JobOption): boolean {
  return !WITHOUT_FLAG.includes(option.name);
}

function optionsWithFlag(): readonly JobOption[] {
  return JOB_OPTIONS.filter(hasFlag);
}

function helpOf(option: JobOption): string {
  return option.setting === undefined
    ? option.help
    : `${option.help} (${option.setting ?? 'none'}, or as config says)`;
}

function valueOfFlag(option: JobOption, flags: Flags): unknown {
  const long = flagName(option);
  const text = flags.text(long);
  if (text === undefined) return undefined;
  if (option.value.kind === 'switch') return true;
  if (option.value.kind === 'tags') return flags.texts(long).flatMap((tags) => tags.split(','));
  if (option.value.kind === 'environment') return environmentOf(flags.texts(long), long);
  if (option.value.kind === 'path') return text === '' ? text : resolve(text);
  return valueOfText(option.value, text);
}

function environmentOf(texts: readonly string[], long: string): Record<string, string> {
  const entries = texts.map((text): [string, string] => {
    const equals = text.indexOf('=');
    if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
    throw usageError(
      `--${long} must be NAME=VALUE, not "${text}"`,
      `--${long} ${text}="$${text}" passes on your own`,
    );
  });
  return Object.fromEntries(entries);
}
