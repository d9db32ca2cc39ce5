/** What the store of a home says of its own files. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, Place } from '../../support/database.js';

/** What is wrong with it by its own checks; a server watches over its own files. */
export async function damageOf({ database }: Place, { rows }: Database): Promise<string[]> {
  if (database !== null) return [];
  const integrity = (await rows('PRAGMA integrity_check')).map((row) => String(row['integrity_check']));
  const keys = (await rows('PRAGMA foreign_key_check')).map(
    (row) => `foreign key of ${String(row['table'])}`,
  );
  return [...integrity.filter((text) => text !== 'ok'), ...keys];
}

/** Of the file before the tables; 0 where it is the server's affair. */
export function walBytes({ home, database }: Place): number {
  if (database !== null) return 0;
  return statSync(join(home, 'queue.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
}
