/** Jobs in a transaction of the caller's: there if and only if it commits. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Queue } from '../../../src/queue.js';
import { openStore } from '../../../src/store/open-store.js';
import { Worker } from '../../../src/worker/worker.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { HOUR_MS, openTestStore, temporaryHome } from '../../support/stores.js';

const JOB = { command: 'true' };

test('a queue in a file refuses the client of another database, and stores nothing', async () => {
  const queue = new Queue(await openTestStore());
  const client = { query: async () => ({ rows: [] }) };
  await expect(queue.enqueue(JOB, { client })).rejects.toMatchObject({
    code: 'usage',
    message: 'a queue in a file has no part in a transaction of a PostgreSQL client',
  });
  expect(await queue.list()).toEqual([]);
});

describe.skipIf(noPostgres !== undefined)(`a job in a transaction of the caller's${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  async function connect(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }

  async function openQueue(given?: string): Promise<{ queue: Queue; url: string }> {
    const url = given ?? (await server.createDatabase());
    const store = await openStore(url, { lockTimeoutMs: 20_000, home: temporaryHome() });
    onTestFinished(() => store.close());
    return { queue: new Queue(store), url };
  }

  async function setUp(): Promise<{ queue: Queue; url: string; client: pg.Client }> {
    const opened = await openQueue();
    const client = await connect(opened.url);
    await client.query('CREATE TABLE public.orders (n integer)');
    return { ...opened, client };
  }

  const idsOf = async (queue: Queue): Promise<string[]> =>
    (await queue.list({ limit: 10 })).map(({ id }) => id).toSorted();
  const countersAreRight = async (queue: Queue): Promise<void> =>
    expect(await queue.store.wrongCounters()).toEqual([]);

  test('is there once it commits and not before, with what the caller wrote beside it', async () => {
    const { queue, client, url } = await setUp();
    await client.query('BEGIN');
    await client.query('INSERT INTO public.orders VALUES (1)');
    const result = await queue.enqueue({ ...JOB, id: 'a', tags: ['x'] }, { client });
    expect(result).toEqual({ outcome: 'inserted', id: 'a', seq: 1, state: 'pending' });
    expect([await idsOf(queue), await queue.counts()]).toMatchObject([[], { pending: 0 }]);
    expect(await query(url, 'SELECT * FROM public.orders')).toEqual([]);
    await client.query('COMMIT');
    expect([await idsOf(queue), await queue.counts()]).toMatchObject([['a'], { pending: 1 }]);
    expect(await queue.count('tag:x')).toBe(1);
    await countersAreRight(queue);
  });

  test('is not there after a rollback, nor after one to a savepoint', async () => {
    const { queue, client } = await setUp();
    await client.query('BEGIN');
    await queue.enqueueMany([JOB, JOB], { client });
    await client.query('ROLLBACK');
    expect([await idsOf(queue), await queue.counts()]).toMatchObject([[], { pending: 0 }]);
    await client.query('BEGIN');
    await queue.enqueue({ ...JOB, id: 'kept' }, { client });
    await client.query('SAVEPOINT before');
    await queue.enqueue({ ...JOB, id: 'undone' }, { client });
    await client.query('ROLLBACK TO SAVEPOINT before');
    await client.query('COMMIT');
    expect([await idsOf(queue), await queue.counts()]).toMatchObject([['kept'], { pending: 1 }]);
    await countersAreRight(queue);
  });

  test('with an id that is stored is refused, or left alone, and the transaction goes on', async () => {
    const { queue, client } = await setUp();
    await queue.enqueue({ ...JOB, id: 'taken' });
    await client.query('BEGIN');
    await client.query('INSERT INTO public.orders VALUES (1)');
    const taken = { ...JOB, id: 'taken' };
    await expect(queue.enqueue(taken, { client })).rejects.toMatchObject({ code: 'conflict' });
    await expect(queue.enqueueMany([JOB, taken, JOB], { client })).rejects.toMatchObject({
      code: 'conflict',
    });
    const twice = [
      { ...JOB, id: 'twice' },
      { ...JOB, id: 'twice' },
    ];
    await expect(queue.enqueueMany(twice, { client })).rejects.toMatchObject({ code: 'conflict' });
    const ignoring = await queue.enqueueMany([taken, { ...JOB, id: 'new' }], {
      client,
      onConflict: 'ignore',
    });
    expect(ignoring.map(({ outcome }) => outcome)).toEqual(['exists', 'inserted']);
    await client.query('COMMIT');
    expect(await idsOf(queue)).toEqual(['new', 'taken']);
    expect((await client.query('SELECT * FROM public.orders')).rows).toEqual([{ n: 1 }]);
    await countersAreRight(queue);
  });

  test('with an id that another transaction is storing waits for it; then none of its batch is stored', async () => {
    const { queue, client, url } = await setUp();
    const other = await connect(url);
    for (const each of [client, other]) await each.query('BEGIN');
    await queue.enqueue({ ...JOB, id: 'race', tags: ['t'] }, { client: other });
    const batch = [
      { ...JOB, id: 'beside', tags: ['t'] },
      { ...JOB, id: 'race' },
    ];
    const storing = queue.enqueueMany(batch, { client }).then(
      () => 'stored',
      (error: unknown) => error,
    );
    await waitUntil(
      async () =>
        (await query(url, `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length === 1,
      { what: 'the second transaction to wait' },
    );
    await other.query('COMMIT');
    expect(await storing).toMatchObject({ code: 'conflict' });
    await queue.enqueue({ ...JOB, id: 'after' }, { client });
    await client.query('COMMIT');
    expect(await idsOf(queue)).toEqual(['after', 'race']);
    expect(await queue.count('tag:t')).toBe(1);
    await countersAreRight(queue);
  });

  test('comes by the thousand as a stream, each of them part of the one transaction', async () => {
    const { queue, client } = await setUp();
    await client.query('BEGIN');
    let stored = 0;
    const jobs = Array.from({ length: 2500 }, () => JOB);
    for await (const results of queue.enqueueStream(jobs, { client })) stored += results.length;
    expect([stored, (await queue.counts()).pending]).toEqual([2500, 0]);
    await client.query('COMMIT');
    expect((await queue.counts()).pending).toBe(2500);
    await countersAreRight(queue);
  });

  test('wakes an idle worker by its commit, not by the poll', async () => {
    const { queue, client } = await setUp();
    const worker = new Worker(queue, {
      slots: 1,
      commands: false,
      pollIntervalMs: HOUR_MS,
      handlers: { hello: () => 'hi' },
    });
    const running = worker.run();
    onTestFinished(async () => {
      worker.stop('now');
      await running;
    });
    // One that was told of by the bell: from now on it listens, and sleeps.
    await waitUntil(async () => (await queue.workers()).length === 1, { what: 'the worker' });
    const first = await queue.enqueue({ handler: 'hello' });
    await queue.wait(first.id);
    await client.query('BEGIN');
    const { id } = await queue.enqueue({ handler: 'hello' }, { client });
    await client.query('COMMIT');
    expect(await queue.wait(id)).toMatchObject({ completed: 1 });
  });

  test('holds up nobody while its transaction stays open, at any isolation', async () => {
    const { queue, client, url } = await setUp();
    const other = await connect(url);
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await client.query('SELECT 1');
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await other.query('SELECT 1');
    // So that every stripe of the counters has a row that was written after their snapshots.
    for (let n = 0; n < 100; n++) await queue.enqueue(JOB);
    await queue.enqueue(JOB, { client });
    await queue.enqueue(JOB, { client: other });
    await queue.enqueue(JOB, { client });
    const worker = new Worker(queue, { slots: 4, untilEmpty: true });
    await worker.run();
    expect(await queue.counts()).toMatchObject({ pending: 0, completed: 100 });
    const waiting = await query(
      url,
      `SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    expect(waiting).toEqual([]);
    await client.query('COMMIT');
    await other.query('COMMIT');
    expect(await queue.counts()).toMatchObject({ pending: 3, completed: 100 });
    await countersAreRight(queue);
  });

  test('leaves the session of the client as it is, and does not depend on it', async () => {
    const { queue, client } = await setUp();
    await client.query(`SET search_path = public; SET enable_indexscan = off; SET plan_cache_mode = auto`);
    const session = async (): Promise<unknown[]> => [
      (await client.query('SELECT name, setting FROM pg_settings ORDER BY name')).rows,
      (await client.query('SELECT name FROM pg_prepared_statements')).rows,
      (await client.query('SELECT * FROM pg_listening_channels()')).rows,
    ];
    await client.query('BEGIN');
    const before = await session();
    await queue.enqueueMany([JOB, { ...JOB, id: 'b' }], { client });
    expect(await session()).toEqual(before);
    await client.query('COMMIT');
    expect(await idsOf(queue)).toEqual(['1', 'b']);
  });

  test('is refused outside of a transaction, by a pool, and in one that has failed: nothing is stored', async () => {
    const { queue, client, url } = await setUp();
    const pool = new pg.Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    for (const each of [client, pool])
      await expect(queue.enqueue(JOB, { client: each })).rejects.toMatchObject({
        code: 'usage',
        message: 'the client is in no transaction',
      });
    await client.query('BEGIN');
    await client.query('SELECT 1 / 0').catch(() => undefined);
    await expect(queue.enqueue(JOB, { client })).rejects.toMatchObject({
      code: 'usage',
      message: 'the transaction of the client has failed before',
    });
    await client.query('ROLLBACK');
    await expect(queue.enqueue(JOB, { client: {} as pg.Client })).rejects.toMatchObject({ code: 'usage' });
    expect(await queue.list()).toEqual([]);
  });

  test('is refused by another database, of which the transaction goes on', async () => {
    const { queue } = await openQueue();
    const bare = await connect(await server.createDatabase());
    const other = await setUp();
    for (const [client, message] of [
      [bare, /holds no queue; this one is in 127\.0\.0\.1/],
      [other.client, /another queue; this one is in 127\.0\.0\.1/],
    ] as const) {
      await client.query('BEGIN');
      await expect(queue.enqueue(JOB, { client })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(message) as string,
      });
      await client.query('SELECT 1');
      await client.query('COMMIT');
    }
    expect([await queue.list(), await other.queue.list()]).toEqual([[], []]);
  });

  test('needs no more rights than the page of operations grants', async () => {
    const { queue, url } = await setUp();
    await query(
      url,
      `DROP ROLE IF EXISTS shop_${process.pid}; CREATE ROLE shop_${process.pid} LOGIN;
      GRANT USAGE ON SCHEMA queuectl TO shop_${process.pid};
      GRANT SELECT, INSERT, DELETE ON queuectl.jobs, queuectl.tags TO shop_${process.pid};
      GRANT SELECT, INSERT, UPDATE ON queuectl.counters TO shop_${process.pid};
      GRANT SELECT ON queuectl.meta TO shop_${process.pid};
      GRANT USAGE ON SEQUENCE queuectl.jobs_seq_seq TO shop_${process.pid}`,
    );
    const asShop = new URL(url);
    asShop.username = `shop_${process.pid}`;
    const client = await connect(asShop.href);
    await client.query('BEGIN');
    await queue.enqueueMany([JOB, { ...JOB, id: 'b', tags: ['t'] }], { client });
    await client.query('COMMIT');
    expect(await idsOf(queue)).toEqual(['1', 'b']);
  });

  test('leaves a row of the counters, which the next roll-up takes away, however many there are', async () => {
    const { queue, client, url } = await setUp();
    for (let n = 0; n < 20; n++) {
      await client.query('BEGIN');
      await queue.enqueue(JOB, { client });
      await client.query('COMMIT');
    }
    await query(
      url,
      `INSERT INTO queuectl.counters SELECT 'other', 'pending', 100 + i, 1 FROM generate_series(1, 2500) i`,
    );
    const { rollUpCounters } = await import('../../../src/store/postgres/counters.js');
    const { Connection } = await import('../../../src/store/postgres/connection.js');
    const connection = await Connection.open(url, 20_000);
    onTestFinished(() => connection.close());
    await rollUpCounters(connection);
    expect(await query(url, 'SELECT queue, stripe, n FROM queuectl.counters ORDER BY queue')).toEqual([
      { queue: 'default', stripe: 0, n: '20' },
      { queue: 'other', stripe: 0, n: '2500' },
    ]);
  });
});
