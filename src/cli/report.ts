/** How an error reaches the person: what, which, and what to do next. */
import { QueueError } from '../errors.js';
import { EXIT_CODES } from './exit-code.js';
import { harmlessLine } from './output/harmless.js';
import { toJsonText } from './output/json.js';
import { writeAll } from './output/print.js';

export interface ReportOptions {
  readonly json: boolean;
  readonly debug: boolean;
  readonly color: boolean;
  /** The command that failed, where it was found. */
  readonly command?: string | undefined;
}

/** Prints the error on stderr; the exit code it asks for. */
export async function reportError(thrown: unknown, options: ReportOptions): Promise<number> {
  const error = withHint(thrown instanceof QueueError ? thrown : unexpected(thrown), options.command);
  writeAll(2, options.json ? jsonOf(error) : await textOf(error, options.color));
  if (options.debug) writeAll(2, stackOf(error));
  return EXIT_CODES[error.code];
}

/** Whoever used a command wrongly is told where its use is explained, unless there is something better to say. */
function withHint(error: QueueError, command: string | undefined): QueueError {
  if (error.code !== 'usage' || error.hint !== undefined) return error;
  const hint = ['queuectl help', ...(command === undefined ? [] : [command])].join(' ');
  return new QueueError(error.code, error.message, hint, { cause: error });
}

function jsonOf(error: QueueError): string {
  const { code, message, hint = null } = error;
  return `${toJsonText({ error: { code, message, hint } })}\n`;
}

async function textOf(error: QueueError, color: boolean): Promise<string> {
  const { createStyle } = await import('./output/style.js');
  const style = createStyle(color);
  const hint = error.hint === undefined ? '' : `${style.dim('hint:')} ${harmlessLine(error.hint)}\n`;
  return `${style.red('error:')} ${harmlessLine(error.message)}\n${hint}`;
}

/** What nobody foresaw is our mistake, and looks like it. */
function unexpected(thrown: unknown): QueueError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = 'this is a mistake of queuectl itself: --debug shows where it came from';
  return new QueueError('internal', message, hint, { cause: thrown });
}

function stackOf(error: QueueError): string {
  const causes: string[] = [];
  for (let next: unknown = error; next instanceof Error; next = next.cause)
    causes.push(next.stack ?? next.message);
  return `${causes.join('\ncaused by: ')}\n`;
}
