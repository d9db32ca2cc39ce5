/** Jobs whose transactions commit after those of later numbers. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/store/open-store.js';
import { noPostgres, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { insert, temporaryHome } from '../../support/stores.js';

const INSERT = `
  INSERT INTO queuectl.jobs (queue, state, priority, run_at, max_retries, backoff, command, options, created_at, updated_at)
  VALUES ('late', 'held', 0, 0, 0, '{"base":2}', 'true', '{}', 1, 1) RETURNING seq::integer`;

describe.skipIf(noPostgres !== undefined)(`changes of a database${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test('a job is told once its transaction commits, however many later ones were told before, and only once', async () => {
    const url = await server.createDatabase();
    const store = await openStore(url, { lockTimeoutMs: 5000, home: temporaryHome() });
    onTestFinished(() => store.close());
    const [open, undone] = [url, url].map((connectionString) => new pg.Client({ connectionString }));
    if (open === undefined || undone === undefined) throw new Error('two clients');
    for (const client of [open, undone]) {
      await client.connect();
      onTestFinished(() => client.end());
    }
    let cursor = await store.beginChanges(null);
    const look = async (): Promise<number[]> => {
      const { created, next } = await store.changes(cursor);
      cursor = next;
      return created.map(({ seq }) => seq);
    };
    await open.query('BEGIN');
    const late = Number((await open.query<{ seq: number }>(INSERT)).rows[0]?.seq);
    await undone.query('BEGIN');
    await undone.query(INSERT);
    await undone.query('ROLLBACK');
    const { seq: last } = await insert(store);
    expect(last).toBe(late + 2);
    expect(await look()).toEqual([last]);
    // Long enough for a mark to be set, were it set too early.
    await open.query('SELECT pg_sleep(1.1)');
    expect(await look()).toEqual([]);
    expect(await look()).toEqual([]);
    await open.query('COMMIT');
    expect(await look()).toEqual([late]);
    expect(await look()).toEqual([]);
    expect(cursor.gaps).toEqual([]);
  });
});
