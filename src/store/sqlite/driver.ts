/**
 * The seam between our SQL and the SQLite driver: swapping the driver means rewriting this file alone.
 * @photostructure/sqlite carries a SQLite of its own on every Node version; the built-in one of Node 24
 * may be older than the WAL-reset fix.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import type { StatementSyncInstance } from '@photostructure/sqlite';

export type SqlValue = number | string | null | Uint8Array;
export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
  get(...values: SqlValue[]): Row | undefined;
  /** Every row at once: an open cursor would hold its transaction and pin the write-ahead log. */
  all(...values: SqlValue[]): Row[];
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** `busyTimeoutMs`: how long a call may block this thread while another process holds the lock. */
export function openDatabase(path: string, busyTimeoutMs: number): Database {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => withNamedColumns(database.prepare(sql)),
    close: () => database.close(),
  };
}

/**
 * The driver's own objects cost twice the row: each name crosses from C to JavaScript again. Here the values cross as
 * a list, and get the names of their columns on this side.
 */
function withNamedColumns(statement: StatementSyncInstance): Statement {
  let names = columnNames(statement);
  statement.setReturnArrays(true);
  const named = (values: readonly unknown[]): Row => {
    // `SELECT *` after another process has added a column.
    if (values.length !== names.length) names = columnNames(statement);
    const row: Record<string, unknown> = {};
    let index = 0;
    for (const name of names) row[name] = values[index++];
    return row;
  };
  return {
    run: (...values) => statement.run(...values) as ReturnType<Statement['run']>,
    get: (...values) => {
      const found = statement.get(...values) as unknown[] | undefined;
      return found === undefined ? undefined : named(found);
    },
    all: (...values) => (statement.all(...values) as unknown[][]).map(named),
  };
}

function columnNames(statement: StatementSyncInstance): string[] {
  return statement.columns().map((column) => column.name);
}

export const SQLITE = {
  ERROR: 1,
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
} as const;

/** The driver's `all` leaves out the code of what it throws; SQLite's own words (sqlite3_errstr) tell it. */
const CODES: ReadonlyMap<string, number> = new Map([
  ['database is locked', SQLITE.BUSY],
  ['database table is locked', SQLITE.LOCKED],
  ['attempt to write a readonly database', SQLITE.READONLY],
  ['disk I/O error', SQLITE.IOERR],
  ['database disk image is malformed', SQLITE.CORRUPT],
  ['database or disk is full', SQLITE.FULL],
  ['unable to open database file', SQLITE.CANTOPEN],
  ['locking protocol', SQLITE.PROTOCOL],
  ['file is not a database', SQLITE.NOTADB],
]);

/** SQLite's own result code (5 for SQLITE_BUSY), without its extension; undefined for other errors. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  return 'code' in error && error.code === 'ERR_SQLITE_ERROR' ? CODES.get(error.message) : undefined;
}
