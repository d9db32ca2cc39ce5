/** Opens the schema: the version of SQLite, the pragmas of each connection, and the migrations. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import { migrate, newerSchema } from '../migrate.js';
import type { MigrationTarget } from '../migrate.js';
import type { Connection } from './connection.js';
import { MIGRATIONS } from './migrations.js';

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
  const [first] = await connection.rows('SELECT sqlite_version() AS version');
  requireSqlite(String(first?.['version']));
  // The driver's own default in WAL is NORMAL, which may lose an acknowledged commit to a power cut.
  connection.exec('PRAGMA synchronous = FULL');
  const [found] = await connection.rows('PRAGMA user_version');
  const version = Number(found?.['user_version']);
  if (version > MIGRATIONS.length) throw newerSchema(version, MIGRATIONS.length);
  if (version === MIGRATIONS.length) return;
  await connection.whenUnlocked(() => connection.exec('PRAGMA journal_mode = WAL'));
  connection.exec('PRAGMA synchronous = FULL');
  // Another process may have migrated meanwhile: `migrate` looks again, under the write lock.
  await connection.write(() => {
    migrate(migrationTarget(connection), MIGRATIONS);
    failpoint('migrate.before_commit');
  });
  failpoint('migrate.after_commit');
}

function migrationTarget(connection: Connection): MigrationTarget {
  return {
    applied: () => {
      const tables = connection.sql(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
      if (tables.length === 0) return [];
      if (!tables.some((table) => table['name'] === 'migrations')) {
        throw new QueueError(
          'unavailable',
          `${connection.path} is not a queue database`,
          'move it away to begin with an empty queue',
        );
      }
      return connection
        .sql('SELECT checksum FROM migrations ORDER BY version')
        .all()
        .map((row) => String(row['checksum']));
    },
    apply: ({ version, sql }, checksum) => {
      connection.exec(sql);
      connection
        .sql('INSERT INTO migrations (version, checksum, applied_at) VALUES (?, ?, ?)')
        .run(version, checksum, Date.now());
      connection.exec(`PRAGMA user_version = ${version}`);
    },
  };
}
