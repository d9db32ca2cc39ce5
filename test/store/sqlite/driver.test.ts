import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase, resultCode, SQLITE } from '../../../src/store/sqlite/driver.js';
import type { Database } from '../../../src/store/sqlite/driver.js';
import { temporaryHome } from '../../support/stores.js';

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Every way to run a statement must tell why it failed: the store waits for a lock, and gives up over anything else. */
const WAYS: readonly (readonly [string, (database: Database, sql: string) => unknown])[] = [
  ['exec', (database, sql) => database.exec(sql)],
  ['run', (database, sql) => database.prepare(sql).run()],
  ['get', (database, sql) => database.prepare(sql).get()],
  ['all', (database, sql) => database.prepare(sql).all()],
];

test.each(WAYS)('%s tells of a lock', (_name, act) => {
  const path = join(temporaryHome(), 'a.db');
  mkdirSync(dirname(path));
  const holder = openDatabase(path, 0);
  holder.exec('CREATE TABLE t (x); BEGIN EXCLUSIVE');
  const other = openDatabase(path, 0);
  expect(resultCode(errorOf(() => act(other, 'INSERT INTO t VALUES (1)')))).toBe(SQLITE.BUSY);
  holder.exec('COMMIT');
  holder.exec('BEGIN EXCLUSIVE');
  expect(resultCode(errorOf(() => act(other, 'SELECT * FROM t')))).toBe(SQLITE.BUSY);
  holder.close();
  other.close();
});

test.each(WAYS)('%s tells of a file that is no database', (_name, act) => {
  const path = join(temporaryHome(), 'a.db');
  mkdirSync(dirname(path));
  writeFileSync(path, 'nothing of the kind '.repeat(500));
  const database = openDatabase(path, 0);
  expect(resultCode(errorOf(() => act(database, 'SELECT * FROM sqlite_schema')))).toBe(SQLITE.NOTADB);
  database.close();
});

test('an error that SQLite did not make has no result code', () => {
  for (const error of [new Error('database is locked'), 'database is locked', undefined, { errcode: 5 }])
    expect(resultCode(error)).toBeUndefined();
});
