/** Brings a database to this program's schema: numbered, checksummed, each step in one transaction. */
import { QueueError } from '../errors.js';

export interface Migration {
  /** 1, 2, 3 … without gaps. A released migration is never changed. */
  readonly version: number;
  /**
   * Of its SQL: tells an edited migration, and guards against nobody. It is written down and checked by a test, since every
   * command compares it, and to compute it would be a tenth of what a command takes beside Node.
   */
  readonly checksum: string;
  readonly sql: string;
}

/** What a database must offer to be migrated; every call runs inside the one transaction that the store holds. */
export interface MigrationTarget {
  /** The checksums of the migrations it has, in order. */
  applied(): readonly string[];
  apply(migration: Migration): void;
}

/** Applies what is missing. Throws `unavailable` for a database of a newer or of a foreign schema. */
export function migrate(target: MigrationTarget, migrations: readonly Migration[]): void {
  for (const migration of missingMigrations(target.applied(), migrations)) target.apply(migration);
}

/** What a database with these checksums still needs. Throws `unavailable` for one of a newer or of a foreign schema. */
export function missingMigrations(
  applied: readonly string[],
  migrations: readonly Migration[],
): readonly Migration[] {
  if (applied.length > migrations.length) throw newerSchema(applied.length, migrations.length);
  const edited = applied.findIndex((found, index) => found !== migrations[index]?.checksum);
  if (edited !== -1)
    throw new QueueError(
      'unavailable',
      `the database has another migration ${edited + 1} than this queuectl`,
      'use the queuectl that made it',
    );
  return migrations.slice(applied.length);
}

export function newerSchema(found: number, known: number): QueueError {
  return new QueueError(
    'unavailable',
    `the database has schema ${found}, this queuectl knows ${known}`,
    'upgrade queuectl',
  );
}
