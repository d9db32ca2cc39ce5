/** A column that one of the stores gets must not be forgotten when a queue moves. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/open-store.js';
import { difference, MOVED_TABLES } from '../../src/store/rows/moved-tables.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { openTestStore, temporaryHome } from '../support/stores.js';

/** What belongs to a database and not to its queue: sessions end before a move, and counters are counted anew. */
const STAY = ['workers', 'counters', 'migrations'];

const MOVED = Object.fromEntries(MOVED_TABLES.map(({ name, columns }) => [name, [...columns].toSorted()]));

const grouped = (rows: readonly Record<string, unknown>[]): Record<string, string[]> => {
  const tables: Record<string, string[]> = {};
  for (const { table, column } of rows) (tables[String(table)] ??= []).push(String(column));
  return Object.fromEntries(Object.entries(tables).map(([table, columns]) => [table, columns.toSorted()]));
};

test('every table of a file is moved with all its columns, or named as one that stays', async () => {
  const home = temporaryHome();
  await openTestStore(home);
  const database = new DatabaseSync(join(home, 'queue.db'));
  const rows = database
    .prepare(
      `SELECT s.name AS "table", c.name AS "column" FROM sqlite_schema s, pragma_table_info(s.name) c
      WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%' AND s.name NOT IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(STAY)) as Record<string, unknown>[];
  database.close();
  expect(grouped(rows)).toEqual(MOVED);
});

describe.skipIf(noPostgres !== undefined)(`in a database on a server${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test('the moved tables have no other columns', async () => {
    const url = await server.createDatabase();
    await (await openStore(url, { lockTimeoutMs: 20_000, home: temporaryHome() })).close();
    const rows = await query(
      url,
      `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
      WHERE table_schema = 'queuectl' AND table_name = ANY ('{${Object.keys(MOVED).join(',')}}')`,
    );
    expect(grouped(rows)).toEqual(MOVED);
  });
});

test('a copy that lacks a job, or has it in another state, is told from one that is the same', () => {
  const one = { rows: { jobs: 2, runs: 1 }, jobs: { dead: 1, held: 1 } };
  expect(difference(one, { rows: { jobs: 2, runs: 1 }, jobs: { held: 1, dead: 1 } })).toBeUndefined();
  expect(difference(one, { ...one, jobs: { dead: 1, pending: 1 } })).toBe('1 held jobs became 0');
  expect(difference(one, { ...one, rows: { jobs: 2, runs: 0 } })).toBe('1 runs became 0');
});
