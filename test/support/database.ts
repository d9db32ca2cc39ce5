/** The database of a home, read and written beside its workers, whichever store it is of. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openDatabase } from '../../src/store/sqlite/driver.js';

export type Row = Readonly<Record<string, unknown>>;

/** SQL that both stores take. */
export interface Database {
  readonly rows: (sql: string) => Promise<Row[]>;
}

/** Where a queue lies: the URL of its database, or null where it is in the home. */
export interface Place {
  readonly home: string;
  readonly database: string | null;
}

/** How long a lock of SQLite's is waited for: on a busy machine, for long. */
const PATIENT_MS = 60_000;

/** Lets the caller work in one transaction, which sees one state; closed when the work is done. */
export function withDatabase<T>(
  { home, database }: Place,
  work: (database: Database) => Promise<T>,
  busyMs: number = PATIENT_MS,
): Promise<T> {
  return database === null ? withSqlite(join(home, 'queue.db'), busyMs, work) : withPostgres(database, work);
}

/**
 * Statements without rows, in one transaction. It takes locks in another order than the queue does: where a server ends it for a
 * deadlock with a worker, it is done again.
 */
export async function changeDatabase(place: Place, ...statements: readonly string[]): Promise<void> {
  try {
    await withDatabase(place, async ({ rows }) => {
      for (const statement of statements) await rows(statement);
    });
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === DEADLOCK)) throw error;
    await changeDatabase(place, ...statements);
  }
}

const DEADLOCK = '40P01';

/** By the queue's own driver: another SQLite could be an older one. */
async function withSqlite<T>(
  file: string,
  busyMs: number,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = openDatabase(file, busyMs);
  try {
    database.exec('BEGIN');
    const result = await work({ rows: async (sql) => database.prepare(sql).all() });
    database.exec('COMMIT');
    return result;
  } finally {
    database.close();
  }
}

async function withPostgres<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET search_path = queuectl; BEGIN ISOLATION LEVEL REPEATABLE READ');
    const result = await work({ rows: async (sql) => (await client.query<Row>(sql)).rows });
    await client.query('COMMIT');
    return result;
  } finally {
    await client.end();
  }
}

/** Resolves when the work is done, during which nobody else can write jobs. */
export function whileLocked(place: Place, work: (database: Database) => Promise<void>): Promise<void> {
  const take =
    place.database === null ? 'UPDATE meta SET value = value' : 'LOCK TABLE jobs IN EXCLUSIVE MODE';
  return withDatabase(place, async (database) => {
    await database.rows(take);
    await work(database);
  });
}

/** As somebody does who takes it for rubbish. */
export async function removeDatabase(place: Place): Promise<void> {
  if (place.database === null)
    for (const name of ['queue.db', 'queue.db-wal', 'queue.db-shm'])
      rmSync(join(place.home, name), { force: true });
  else await changeDatabase(place, 'DROP SCHEMA queuectl CASCADE');
}
