import { closestMatch } from 'leven';

/** What went wrong, in the one vocabulary of the exit codes and, later, the HTTP statuses. */
export type ErrorCode =
  | 'failed'
  | 'usage'
  | 'not_found'
  | 'conflict'
  | 'unavailable'
  /** The store was replaced, removed or damaged: nobody may go on with it. */
  | 'store_lost'
  | 'not_permitted'
  | 'partial'
  | 'timed_out'
  | 'internal';

/**
 * The one error a caller sees: a code to branch on, a message that says what and which, and a hint
 * that says what to do next. Nothing was changed when it is thrown.
 */
export class QueueError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueueError';
    this.code = code;
    this.hint = hint;
  }

  /** By what it is: a store that is a bundle of its own has a class of its own. Its subclasses go by their class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== QueueError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return value instanceof Error && value.name === 'QueueError' && 'code' in value && 'hint' in value;
  }
}

export function usageError(message: string, hint?: string): QueueError {
  return new QueueError('usage', message, hint);
}

/** A hint for a mistyped word, or undefined where no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const maxDistance = word.length <= 3 ? 1 : 2;
  const match = closestMatch(word.toLowerCase(), [...known], { maxDistance });
  return match === undefined ? undefined : `did you mean "${match}"?`;
}

/** The `code` of a Node system error ("ENOENT"), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
