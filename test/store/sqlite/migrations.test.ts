import { DatabaseSync } from '@photostructure/sqlite';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrate } from '../../../src/store/migrate.js';
import type { Migration } from '../../../src/store/migrate.js';
import { Connection } from '../../../src/store/sqlite/connection.js';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations.js';
import { requireSqlite } from '../../../src/store/sqlite/schema.js';
import { runProgram } from '../../support/programs.js';
import { insert, openTestStore, owner, temporaryHome } from '../../support/stores.js';

/** Does something to the database file of a home, as another program would. */
function edit(home: string, sql: string): void {
  const database = new DatabaseSync(join(home, 'queue.db'));
  database.exec(sql);
  database.close();
}

function objectsOf(home: string): unknown {
  const database = new DatabaseSync(join(home, 'queue.db'));
  const rows = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
  database.close();
  return rows;
}

async function closedHome(): Promise<string> {
  const home = temporaryHome();
  await (await openTestStore(home)).close();
  return home;
}

test('a new database gets every migration, with its checksum', async () => {
  const home = await closedHome();
  const database = new DatabaseSync(join(home, 'queue.db'));
  const rows = database.prepare('SELECT version, checksum FROM migrations ORDER BY version').all();
  const expected = MIGRATIONS.map((migration) => ({
    version: migration.version,
    checksum: migration.checksum,
  }));
  expect(rows.map((row) => ({ ...row }))).toEqual(expected);
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
  database.close();
});

/** FNV-1a, 32 bits. */
function checksumOf(sql: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < sql.length; index++) hash = Math.imul(hash ^ sql.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

test('no migration was edited: each has the checksum that stands beside it', () => {
  for (const { sql, checksum } of MIGRATIONS) expect(checksumOf(sql)).toBe(checksum);
});

test('opened again, nothing is changed and nothing is lost', async () => {
  const home = await closedHome();
  const first = await openTestStore(home);
  const { id } = await insert(first);
  await first.close();
  const before = objectsOf(home);
  const again = await openTestStore(home);
  expect(await again.getJob(id)).not.toBeNull();
  expect(objectsOf(home)).toEqual(before);
});

test('twelve processes that open a new home at the same moment all succeed', async () => {
  const home = temporaryHome();
  const said = await Promise.all(Array.from({ length: 12 }, () => runProgram('open', { home })));
  expect(said).toEqual(Array.from({ length: 12 }, () => ({ ok: true, jobs: 0 })));
});

test('a dozen connections of one process, too', async () => {
  const home = temporaryHome();
  const stores = await Promise.all(Array.from({ length: 12 }, () => openTestStore(home)));
  await Promise.all(stores.map((store) => insert(store)));
  expect(await stores[0]?.counts()).toMatchObject({ pending: 12 });
});

test('a newer schema is refused, and left alone', async () => {
  const home = await closedHome();
  edit(home, `PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  await expect(openTestStore(home)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/schema \d+/) as string,
    hint: expect.stringContaining('upgrade') as string,
  });
});

test('a migration that is not ours is refused by its checksum', async () => {
  const home = await closedHome();
  edit(home, `UPDATE migrations SET checksum = 'another' WHERE version = 1`);
  await expect(openTestStore(home)).rejects.toMatchObject({ code: 'unavailable' });
});

test.each([0, MIGRATIONS.length])(
  'the database of another program is refused and left alone, even with version %i',
  async (version) => {
    const home = temporaryHome();
    mkdirSync(home, { mode: 0o700 });
    edit(home, `CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = ${version}`);
    const before = objectsOf(home);
    await expect(openTestStore(home)).rejects.toMatchObject({ name: 'QueueError', code: 'unavailable' });
    expect(objectsOf(home)).toEqual(before);
  },
);

test('a migration that fails half-way leaves nothing behind, and can be done again', async () => {
  const home = temporaryHome();
  mkdirSync(home, { mode: 0o700 });
  const path = join(home, 'queue.db');
  writeFileSync(path, '', { mode: 0o600 });
  const connection = new Connection(path, 1000);
  const target = {
    applied: () => [],
    apply: ({ sql }: { readonly sql: string }) => {
      connection.exec(sql);
      throw new Error('the power went out');
    },
  };
  await expect(connection.write(() => migrate(target, MIGRATIONS))).rejects.toThrow('the power went out');
  connection.close();
  expect(objectsOf(home)).toEqual([]);
  await insert(await openTestStore(home));
});

test('migrate applies what is missing, in order', () => {
  const migrations = [1, 2, 3].map((version) => ({
    version,
    checksum: `sum ${version}`,
    sql: `step ${version}`,
  }));
  const sums = migrations.map(({ checksum }) => checksum);
  const applied: number[] = [];
  const target = {
    applied: () => sums.slice(0, 1),
    apply: ({ version }: { readonly version: number }) => void applied.push(version),
  };
  migrate(target, migrations);
  expect(applied).toEqual([2, 3]);
  expect(() => migrate({ ...target, applied: () => [...sums, 'x'] }, migrations)).toThrow('schema 4');
  expect(() => migrate({ ...target, applied: () => ['x'] }, migrations)).toThrow('another migration 1');
  expect(applied).toEqual([2, 3]);
});

test.each(['3.51.2', '3.50.9', '3.8', '2.99.99', '3'])('SQLite %s is too old', (version) => {
  expect(() => requireSqlite(version)).toThrow(expect.objectContaining({ code: 'unavailable' }) as Error);
});

test.each(['3.51.3', '3.52.0', '3.51.10', '4.0', '10.0.0'])('SQLite %s is new enough', (version) => {
  expect(() => requireSqlite(version)).not.toThrow();
});

/** A database as the first two migrations left it, with a job in each state, a run and a number that was given away. */
async function homeOfSchema2(): Promise<string> {
  const home = temporaryHome();
  mkdirSync(home, { mode: 0o700 });
  edit(home, 'PRAGMA journal_mode = WAL');
  const connection = new Connection(join(home, 'queue.db'), 1000);
  const old = MIGRATIONS.slice(0, 2);
  const target = {
    applied: () => [],
    apply: ({ version, checksum, sql }: Migration) => {
      connection.exec(sql);
      connection.sql('INSERT INTO migrations VALUES (?, ?, 1)').run(version, checksum);
      connection.exec(`PRAGMA user_version = ${version}`);
    },
  };
  await connection.write(() => migrate(target, old));
  const states = ['scheduled', 'pending', 'failed', 'held', 'completed', 'dead', 'cancelled'];
  for (const [index, state] of states.entries()) {
    connection
      .sql(
        `INSERT INTO jobs (id, queue, state, priority, run_at, attempts, max_retries, backoff, run, command, options,
          created_at, updated_at, finished_at, reason)
        VALUES (?, 'q', ?, 5, 4102444800000, 1, 3, '{"base":3}', ?, 'echo old', '{"grace_ms":7,"cwd":"/"}', 1, 2, 3, 'why')`,
      )
      .run(state === 'held' ? 'named' : null, state, index);
    connection.sql(`INSERT INTO counters VALUES ('q', ?, 1)`).run(state);
    connection
      .sql(
        `INSERT INTO runs (seq, run, session_id, started_at, finished_at, outcome, exit_code, output)
        VALUES (?, 1, 1, 10, 20, 'failure', 9, x'414243')`,
      )
      .run(index + 1);
  }
  connection.exec(`UPDATE sqlite_sequence SET seq = 40 WHERE name = 'jobs'`);
  connection.close();
  return home;
}

test('the tables that are built anew keep every job, run, counter and number', async () => {
  const store = await openTestStore(await homeOfSchema2());
  for (const [index, state] of ['scheduled', 'pending', 'failed', 'named', 'completed', 'dead'].entries()) {
    const job = await store.getJob(state === 'named' ? 'named' : String(index + 1));
    expect(job).toMatchObject({
      seq: index + 1,
      queue: 'q',
      state: state === 'named' ? 'held' : state,
      priority: 5,
      attempts: 1,
      backoff: { base: 3, maxMs: null, jitter: 0 },
      command: 'echo old',
      handler: null,
      payload: null,
      graceMs: 7,
      cwd: '/',
    });
    expect(await store.listRuns(index + 1)).toMatchObject([
      { run: 1, outcome: 'failure', exitCode: 9, output: new Uint8Array([65, 66, 67]), result: null },
    ]);
  }
  expect(await store.counts()).toMatchObject({ scheduled: 1, pending: 1, failed: 1, held: 1, dead: 1 });
  expect((await insert(store)).seq).toBe(41);
  const session = await store.openSession(owner());
  const { claims } = await store.exchange(session, { running: [], finished: [], free: 9 });
  expect(claims.map((job) => job.seq).toSorted((a, b) => a - b)).toEqual([2, 41]);
});

test('no write builds a table in memory: what is checked is compared in place', async () => {
  const home = await closedHome();
  const database = new DatabaseSync(join(home, 'queue.db'));
  for (const sql of [
    `UPDATE jobs SET state = 'processing', run = run + 1, session_id = 1, started_at = 1 WHERE seq = 1`,
    `INSERT INTO runs (seq, run, session_id, started_at, finished_at, outcome) VALUES (1, 1, 1, 1, 1, 'success')`,
    `INSERT INTO jobs (queue, state, priority, run_at, max_retries, backoff, command, options, created_at, updated_at)
      VALUES ('q', 'pending', 0, 1, 3, '{}', 'true', '{}', 1, 1)`,
  ]) {
    const steps = database.prepare(`EXPLAIN ${sql}`).all() as unknown as { opcode: string }[];
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.map((step) => step.opcode)).not.toContain('OpenEphemeral');
  }
  database.close();
});
