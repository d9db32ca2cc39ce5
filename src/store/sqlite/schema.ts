/** Opens the schema: the version of SQLite, the pragmas of each connection, and the migrations. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import { migrate, newerSchema } from '../migrate.js';
import type { MigrationTarget } from '../migrate.js';
import type { Connection } from './connection.js';
import { resultCode, SQLITE } from './driver.js';
import { MIGRATIONS } from './migrations.js';
import { BOUNDS } from './write-ahead-log.js';

/** Older ones can lose committed rows when several processes write and checkpoint: the WAL-reset bug. */
const OLDEST_SQLITE = [3, 51, 3] as const;

/** The version of SQLite in use. Throws `unavailable` where it is too old to be trusted. */
export function requireSqlite(version: string): void {
  const found = version.split('.').map(Number);
  for (const [index, least] of OLDEST_SQLITE.entries()) {
    const part = found[index] ?? 0;
    if (part > least) return;
    if (part < least)
      throw new QueueError(
        'unavailable',
        `SQLite ${version} can lose rows; ${OLDEST_SQLITE.join('.')} or newer is needed`,
      );
  }
}

/** Prepares a new connection, and its database where that is new or of an older schema. */
export async function prepareSchema(connection: Connection): Promise<void> {
  const [found] = await connection.rows(
    'SELECT sqlite_version() AS sqlite, user_version FROM pragma_user_version',
  );
  requireSqlite(String(found?.['sqlite']));
  const version = Number(found?.['user_version']);
  if (version > MIGRATIONS.length) throw newerSchema(version, MIGRATIONS.length);
  if (version < MIGRATIONS.length) await applyMigrations(connection);
  else await connection.whenUnlocked(() => migrate(migrationTarget(connection), MIGRATIONS));
  // The driver's own default in WAL is NORMAL, which may lose an acknowledged commit to a power cut.
  await connection.whenUnlocked(() => connection.exec(`PRAGMA synchronous = FULL; ${BOUNDS}`));
}

async function applyMigrations(connection: Connection): Promise<void> {
  await connection.whenUnlocked(() => connection.exec('PRAGMA journal_mode = WAL'));
  connection.exec('PRAGMA synchronous = FULL');
  // Another process may have migrated meanwhile: `migrate` looks again, under the write lock.
  await connection.write(() => {
    migrate(migrationTarget(connection), MIGRATIONS);
    failpoint('migrate.before_commit');
  });
  failpoint('migrate.after_commit');
}

/** Tables that are not ours belong to another program: they are left alone. */
function refuseForeign(connection: Connection): void {
  if (connection.sql('SELECT 1 FROM sqlite_schema').get() === undefined) return;
  throw new QueueError(
    'unavailable',
    `${connection.path} is not a queue database`,
    'move it away to begin with an empty queue',
  );
}

function migrationTarget(connection: Connection): MigrationTarget {
  return {
    applied: () => appliedChecksums(connection),
    apply: ({ version, checksum, sql }) => {
      connection.exec(sql);
      connection
        .sql('INSERT INTO migrations (version, checksum, applied_at) VALUES (?, ?, ?)')
        .run(version, checksum, Date.now());
      connection.exec(`PRAGMA user_version = ${version}`);
    },
  };
}

/** In order. A database without the table has none if it is new; else it is another program's. */
function appliedChecksums(connection: Connection): string[] {
  try {
    const rows = connection.sql('SELECT checksum FROM migrations ORDER BY version').all();
    return rows.map((row) => String(row['checksum']));
  } catch (error) {
    if (resultCode(error) !== SQLITE.ERROR) throw error; // 'no such table' has no code of its own
    refuseForeign(connection);
    return [];
  }
}
