import type { Command, NewJob } from './job.js';

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** The command as a person would type it into a shell: for reading, never for running. */
export function commandText(command: Command): string {
  return typeof command === 'string' ? command : command.map(quoteWord).join(' ');
}

/** What a job does, for reading: its command, or its handler with the payload, `resize {"width":100}`. */
export function workText({
  command,
  handler,
  payload,
}: Pick<NewJob, 'command' | 'handler' | 'payload'>): string {
  if (command !== null) return commandText(command);
  return payload === null ? (handler ?? '') : `${handler} ${JSON.stringify(payload)}`;
}

function quoteWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
