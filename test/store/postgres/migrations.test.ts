import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Connection } from '../../../src/store/postgres/connection.js';
import { MIGRATIONS } from '../../../src/store/postgres/migrations.js';
import { requireServer } from '../../../src/store/postgres/schema.js';
import type { Store } from '../../../src/store/store.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { insert, openStoreAt } from '../../support/stores.js';

/** FNV-1a, 32 bits. */
function checksumOf(sql: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < sql.length; index++) hash = Math.imul(hash ^ sql.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

test('no migration was edited: each has the checksum that stands beside it', () => {
  for (const { sql, checksum } of MIGRATIONS) expect(checksumOf(sql)).toBe(checksum);
});

test('a server that is too old is refused', () => {
  expect(() => requireServer(13)).toThrow('PostgreSQL 13 is too old; 14 or newer is needed');
  requireServer(14);
});

describe.skipIf(noPostgres !== undefined)(`a database${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test('opened for the first time by many at once gets every migration once', async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStoreAt(url)));
    const { id } = await insert(stores[0] as Store);
    for (const store of stores) expect(await store.getJob(id)).toMatchObject({ id, state: 'pending' });
    expect(await query(url, 'SELECT version, checksum FROM queuectl.migrations ORDER BY version')).toEqual(
      MIGRATIONS.map(({ version, checksum }) => ({ version, checksum })),
    );
  });

  test('of a newer schema, or of an edited one, is refused, and nothing in it changes', async () => {
    const url = await server.createDatabase();
    await (await openStoreAt(url)).close();
    await query(url, `INSERT INTO queuectl.migrations VALUES (99, 'new', 0)`);
    await expect(openStoreAt(url)).rejects.toMatchObject({ code: 'unavailable', hint: 'upgrade queuectl' });
    await query(url, 'DELETE FROM queuectl.migrations WHERE version = 99');
    await query(url, `UPDATE queuectl.migrations SET checksum = 'edited' WHERE version = 1`);
    await expect(openStoreAt(url)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the database has another migration 1 than this queuectl',
    });
  });

  test('whose schema "queuectl" belongs to another program is left alone', async () => {
    const url = await server.createDatabase();
    await query(url, 'CREATE SCHEMA queuectl; CREATE TABLE queuectl.jobs (theirs integer)');
    await expect(openStoreAt(url)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('is not ours') as string,
    });
    expect(await query(url, 'SELECT * FROM queuectl.jobs')).toEqual([]);
  });

  test('is used by a role that owns nothing but the schema', async () => {
    const owner = await server.createDatabase();
    const url = new URL(owner);
    const role = `plain_${process.pid}`;
    await query(owner, `CREATE ROLE ${role} LOGIN; CREATE SCHEMA queuectl AUTHORIZATION ${role}`);
    onTestFinished(() =>
      query(owner, `DROP SCHEMA queuectl CASCADE; DROP ROLE ${role}`).then(() => undefined),
    );
    url.username = role;
    const store = await openStoreAt(url.href);
    const { id } = await insert(store);
    expect(await store.getJob(id)).toMatchObject({ id });
    await store.close();
  });

  test('whose role may not make the schema says so', async () => {
    const owner = await server.createDatabase();
    const url = new URL(owner);
    const role = `barred_${process.pid}`;
    await query(owner, `CREATE ROLE ${role} LOGIN`);
    onTestFinished(() => query(owner, `DROP ROLE ${role}`).then(() => undefined));
    url.username = role;
    await expect(openStoreAt(url.href)).rejects.toMatchObject({
      code: 'not_permitted',
      message: expect.stringContaining('lacks a right') as string,
    });
  });

  test('that acknowledges before the disk has it is told to wait, and one that does more goes on doing it', async () => {
    const url = await server.createDatabase();
    const name = new URL(url).pathname.slice(1);
    for (const [given, kept] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', 'remote_apply'],
    ]) {
      await query(url, `ALTER DATABASE ${name} SET synchronous_commit = ${given}`);
      const connection = await Connection.open(url, 1000);
      expect(await connection.rows('SHOW synchronous_commit')).toEqual([{ synchronous_commit: kept }]);
      await connection.close();
    }
  });
});
