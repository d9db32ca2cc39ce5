/** Opens the schema `queuectl` of a database: the version of the server, and the migrations. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import { missingMigrations } from '../migrate.js';
import type { Connection, Transaction } from './connection.js';
import { TAKE_LOCK } from './locks.js';
import { MIGRATIONS } from './migrations.js';
import { NOW_MS } from './now.js';

const OLDEST_SERVER = 14;

/** What a command asks first: of a database that is up to date, all that it needs to know. */
const APPLIED = `
  SELECT checksum, (SELECT value FROM queuectl.meta WHERE key = 'database_id') AS database_id
  FROM queuectl.migrations ORDER BY version`;

/** Prepares a database that is new or of an older schema; its id. */
export async function prepareSchema(connection: Connection): Promise<string> {
  const [found] = await connection.rows(
    `SELECT current_setting('server_version_num')::integer / 10000 AS major, to_regclass('queuectl.migrations') IS NOT NULL AS is_known`,
  );
  requireServer(Number(found?.['major']));
  if (found?.['is_known'] === true) {
    const applied = await connection.rows(APPLIED);
    if (missingMigrations(applied.map(toChecksum), MIGRATIONS).length === 0) return toDatabaseId(applied);
  }
  // Another process may be at it, too: whoever gets the lock second finds nothing left to do.
  await connection.write(async (transaction) => {
    await transaction.exec(TAKE_LOCK.migration);
    await applyMigrations(transaction, connection.name);
    failpoint('migrate.before_commit');
  });
  failpoint('migrate.after_commit');
  return toDatabaseId(await connection.rows(APPLIED));
}

export function requireServer(major: number): void {
  if (major >= OLDEST_SERVER) return;
  throw new QueueError('unavailable', `PostgreSQL ${major} is too old; ${OLDEST_SERVER} or newer is needed`);
}

async function applyMigrations(transaction: Transaction, name: string): Promise<void> {
  const [found] = await transaction.rows(`
    SELECT to_regnamespace('queuectl') IS NOT NULL AS has_schema,
      to_regclass('queuectl.migrations') IS NOT NULL AS is_known,
      EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('queuectl')) AS has_tables`);
  if (found?.['is_known'] !== true) {
    if (found?.['has_tables'] === true) throw foreignSchema(name);
    // A role without the right to make schemas works where somebody has made it this one.
    if (found?.['has_schema'] !== true) await transaction.exec('CREATE SCHEMA queuectl');
    await transaction.exec(MIGRATIONS_TABLE);
  }
  const applied = await transaction.rows('SELECT checksum FROM queuectl.migrations ORDER BY version');
  for (const { version, checksum, sql } of missingMigrations(applied.map(toChecksum), MIGRATIONS)) {
    await transaction.exec(sql);
    await transaction.rows(
      `INSERT INTO queuectl.migrations (version, checksum, applied_at) VALUES ($1, $2, ${NOW_MS})`,
      version,
      checksum,
    );
  }
}

const MIGRATIONS_TABLE = `
  CREATE TABLE queuectl.migrations (version integer PRIMARY KEY, checksum text NOT NULL, applied_at bigint NOT NULL)`;

/** Tables that are not ours belong to another program: they are left alone. */
function foreignSchema(name: string): QueueError {
  return new QueueError(
    'unavailable',
    `the database ${name} has a schema "queuectl" that is not ours`,
    'give the queue a database of its own',
  );
}

function toChecksum(row: Readonly<Record<string, unknown>>): string {
  return String(row['checksum']);
}

function toDatabaseId([row]: readonly Readonly<Record<string, unknown>>[]): string {
  return String(row?.['database_id']);
}
