import { QueueError } from '../../errors.js';
import { resultCode, SQLITE } from './driver.js';
import { isMovedMessage, movedError } from './moved-words.js';

type Explanation = readonly [
  code: 'unavailable' | 'store_lost' | 'not_permitted',
  what: string,
  hint?: string,
];

const RESTORE = 'restore queue.db from a backup, or move it away to begin with an empty queue';

const EXPLANATIONS: Readonly<Record<number, Explanation>> = {
  [SQLITE.PERM]: [
    'not_permitted',
    'cannot be opened: permission denied',
    'check the permissions of the home directory',
  ],
  [SQLITE.READONLY]: [
    'not_permitted',
    'cannot be written',
    'check its permissions, and whether its file system is read-only',
  ],
  [SQLITE.CANTOPEN]: ['not_permitted', 'cannot be opened', 'check the permissions of the home directory'],
  [SQLITE.IOERR]: ['unavailable', 'cannot be read or written: input/output error', 'check the disk'],
  [SQLITE.FULL]: ['unavailable', 'cannot grow: the disk is full', 'free some space; nothing was stored'],
  [SQLITE.CORRUPT]: ['store_lost', 'is corrupt', RESTORE],
  [SQLITE.NOTADB]: ['store_lost', 'is not a queue database', RESTORE],
};

/** An error of the driver as one of ours; anything that is not the database's fault comes back as it is. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof QueueError) return error;
  if (error instanceof Error && isMovedMessage(error.message)) return movedError(error.message);
  const explanation = EXPLANATIONS[resultCode(error) ?? -1];
  if (explanation === undefined) return error;
  const [code, what, hint] = explanation;
  return new QueueError(code, `the database ${path} ${what}`, hint, { cause: error });
}
