import type { Command } from './job.js';

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** The command as a person would type it into a shell: for reading, never for running. */
export function commandText(command: Command): string {
  return typeof command === 'string' ? command : command.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
