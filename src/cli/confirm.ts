import { readSync } from 'node:fs';
import { QueueError, usageError } from '../errors.js';
import type { Context } from './command.js';
import type { Flag } from './flags.js';
import { writeAll } from './output/print.js';
import { isTerminal } from './output/terminal.js';

export const YES_FLAG: Flag = {
  long: 'yes',
  help: 'do not ask; needed where there is no terminal to ask on',
};

/** Returns where the act is wanted: by --yes, or by an answer on the terminal. Throws where it is not. */
export function requireConsent({ flags }: Context, act: string): void {
  if (flags.has('yes')) return;
  if (!isTerminal(0) || !isTerminal(2))
    throw usageError(`this would ${act}`, 'to do it, add --yes; to count only, --dry-run');
  writeAll(2, `This will ${act}. Go on? [y/N] `);
  if (!/^y(es)?$/i.test(readAnswer().trim())) throw new QueueError('failed', 'nothing was done');
}

/** A line that was typed; no more of it than an answer needs. */
function readAnswer(): string {
  const buffer = Buffer.alloc(256);
  return buffer.toString('utf8', 0, readSync(0, buffer));
}
