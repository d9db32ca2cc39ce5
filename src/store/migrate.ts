/** Brings a database to this program's schema: numbered, checksummed, each step in one transaction. */
import { QueueError } from '../errors.js';

export interface Migration {
  /** 1, 2, 3 … without gaps. A released migration is never changed. */
  readonly version: number;
  readonly sql: string;
}

/** What a database must offer to be migrated; every call runs inside the one transaction that the store holds. */
export interface MigrationTarget {
  /** The checksums of the migrations it has, in order. */
  applied(): readonly string[];
  apply(migration: Migration, checksum: string): void;
}

/**
 * FNV-1a, 32 bits: it tells an edited migration, and guards against nobody. Every command checks it, and Node
 * takes 4 ms to load its crypto module.
 */
export function checksum({ sql }: Migration): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < sql.length; index++) {
    hash = Math.imul(hash ^ sql.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Applies what is missing. Throws `unavailable` for a database of a newer or of a foreign schema. */
export function migrate(target: MigrationTarget, migrations: readonly Migration[]): void {
  const applied = target.applied();
  if (applied.length > migrations.length) throw newerSchema(applied.length, migrations.length);
  for (const [index, migration] of migrations.entries()) {
    const expected = checksum(migration);
    const found = applied[index];
    if (found === undefined) target.apply(migration, expected);
    else if (found !== expected)
      throw new QueueError(
        'unavailable',
        `the database has another migration ${migration.version} than this queuectl`,
        'use the queuectl that made it',
      );
  }
}

export function newerSchema(found: number, known: number): QueueError {
  return new QueueError(
    'unavailable',
    `the database has schema ${found}, this queuectl knows ${known}`,
    'upgrade queuectl',
  );
}
