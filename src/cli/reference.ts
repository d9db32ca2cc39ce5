/** docs/cli.md and docs/options.md, made of what the code knows. `node scripts/docs.mjs` writes them. */
import { SETTINGS } from '../config.js';
import type { OptionKind } from '../job/option-kinds.js';
import { JOB_OPTIONS } from '../job/options.js';
import type { JobOption } from '../job/options.js';
import { formatSize } from '../job/size.js';
import { formatDuration } from '../time.js';
import { COMMANDS } from './command-table.js';
import { TOPICS } from './help/topics.js';
import { overview } from './help/print-help.js';
import { flagName, hasFlag } from './job-flags.js';
import { helpText } from './parse.js';

const NOTICE = '<!-- Written by `node scripts/docs.mjs`: change the source, not this page. -->';

/** Every command and topic, as `queuectl help` prints it. */
export async function cliReference(): Promise<string> {
  const commands = await Promise.all(
    COMMANDS.map(async (entry) => section(`queuectl ${entry.name}`, helpText(entry, await entry.load()))),
  );
  const topics = Object.entries(TOPICS).map(([name, text]) => section(`queuectl help ${name}`, text()));
  return [NOTICE, '# The command line', textBlock(overview(COMMANDS)), ...commands, ...topics].join('\n\n');
}

/** The options of a job and the settings, one table each. */
export function optionsReference(): string {
  const options = JOB_OPTIONS.map((option: JobOption) => [
    code(option.name),
    flagWords(option),
    valueWords(option.value),
    option.help,
  ]);
  const settings = SETTINGS.map((setting) => [
    code(setting.name),
    valueWords(setting.value),
    setting.fallback === null ? 'none' : code(String(setting.fallback)),
    setting.help,
  ]);
  return [
    NOTICE,
    '# Job options and settings',
    '## Options of a job',
    'The fields of the JSON that `queuectl enqueue` takes, and their flags. Only `command` is required.',
    markdownTable(['field', 'flag', 'value', 'meaning'], options),
    '## Settings',
    '`queuectl config set KEY VALUE` stores one in `config.json`. `QUEUECTL_` and the name in capitals, in the environment, comes before that; a flag comes before both. The first six are the defaults of jobs enqueued from then on.',
    markdownTable(['key', 'value', 'default', 'meaning'], settings),
  ].join('\n\n');
}

function section(title: string, text: string): string {
  return `## ${title}\n\n${textBlock(text)}`;
}

function textBlock(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

function code(text: string): string {
  return `\`${text}\``;
}

function flagWords(option: JobOption): string {
  if (option.name === 'command') return 'the words after `--`';
  if (!hasFlag(option)) return '';
  const short = option.short === undefined ? '' : `, ${code(`-${option.short}`)}`;
  return code(`--${flagName(option)}`) + short;
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function valueWords(kind: OptionKind): string {
  switch (kind.kind) {
    case 'integer':
      return `whole number, ${kind.min} to ${kind.max}`;
    case 'number':
      return `number, ${kind.min} to ${kind.max}`;
    case 'size':
      return `size, ${formatSize(kind.minBytes)} to ${formatSize(kind.maxBytes)}`;
    case 'duration':
      return `duration, ${formatDuration(kind.minMs)} to ${formatDuration(kind.maxMs)}${kind.wholeSeconds === true ? ', whole seconds' : ''}`;
    case 'choice':
      return kind.of.map(code).join(' or ');
    case 'text':
      return `text, at most ${formatSize(kind.maxBytes)} bytes`;
    case 'json':
      return `any JSON, at most ${formatSize(kind.maxBytes)} bytes`;
    case 'database':
      return '`postgres://user@host/database`';
    case 'octal':
      return 'octal digits, 000 to 777';
    case 'user':
      return 'name of a user, or uid';
    case 'instant':
      return 'ISO 8601, or milliseconds since 1970';
    case 'id':
    case 'name':
      return 'letters, digits and `. _ @ -`, at most 128';
    case 'tags':
      return 'list of names; one a flag';
    case 'switch':
      return '`true` or `false`';
    case 'path':
      return 'path; absolute in JSON';
    case 'command':
      return 'text, or a list of words';
    case 'environment':
      return 'object of strings; `NAME=VALUE` as a flag';
  }
}
