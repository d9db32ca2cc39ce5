/** The PostgreSQL store passes the specification, on a real server. */
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { openStore } from '../../src/store/open-store.js';
import type { Store } from '../../src/store/store.js';
import { noPostgres, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { HOUR_MS, LOCK_TIMEOUT_MS, makeTemporaryHome } from '../support/stores.js';
import { exerciseStore } from './conformance/conformance.js';
import type { JobCount, StoredJob, StoreUnderTest } from './conformance/store-under-test.js';

const LONG_AGO = 1_000_000_000_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

// As the store reads them: exact below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

let server: TestServer;

async function open(): Promise<StoreUnderTest> {
  const location = await server.createDatabase();
  const { home, remove } = makeTemporaryHome();
  const stores: Store[] = [];
  const connect = async (): Promise<Store> => {
    const store = await openStore(location, { lockTimeoutMs: LOCK_TIMEOUT_MS, home });
    stores.push(store);
    return store;
  };
  const store = await connect();
  const side = new pg.Client({ connectionString: location });
  await side.connect();
  await side.query('SET search_path = queuectl');
  const run = async (sql: string, ...values: (string | number)[]): Promise<void> =>
    void (await side.query(sql, values));
  const counts = async (sql: string): Promise<JobCount[]> => (await side.query<JobCount>(sql)).rows;
  return {
    store,
    location,
    env: { QUEUECTL_HOME: home },
    connect,
    storedJob: async (seq) =>
      (await side.query<StoredJob>('SELECT * FROM jobs WHERE seq = $1', [seq])).rows[0] ?? {},
    force: async (seq, state) => {
      const of = `FROM jobs WHERE seq = ${seq}`;
      await run(
        `BEGIN;
        INSERT INTO counters AS c SELECT queue, state, 0, -1 ${of}
          ON CONFLICT (queue, state, stripe) DO UPDATE SET n = c.n - 1;
        UPDATE jobs SET state = '${state}' WHERE seq = ${seq};
        INSERT INTO counters AS c SELECT queue, state, 0, 1 ${of}
          ON CONFLICT (queue, state, stripe) DO UPDATE SET n = c.n + 1;
        COMMIT`,
      );
    },
    makeDue: async (seq) => {
      if (seq === undefined) await run('UPDATE jobs SET run_at = run_at - $1::bigint', TEN_YEARS_MS);
      else await run('UPDATE jobs SET run_at = $1 WHERE seq = $2', LONG_AGO, seq);
    },
    forgetSession: (id) => run('DELETE FROM workers WHERE session_id = $1', id),
    writeAct: (kind, seqs, atMs) =>
      run('INSERT INTO acts (at, kind, seqs) VALUES ($1, $2, $3)', atMs, kind, JSON.stringify(seqs)),
    spoilCounter: async (queue, state, n) => {
      await run('DELETE FROM counters WHERE queue = $1 AND state = $2', queue, state);
      await run('INSERT INTO counters VALUES ($1, $2, 0, $3)', queue, state, n);
    },
    counters: () =>
      counts(
        `SELECT queue, state, sum(n)::integer AS n FROM counters GROUP BY queue, state HAVING sum(n) <> 0
        ORDER BY queue, state`,
      ),
    countJobs: () =>
      counts(
        'SELECT queue, state, count(*)::integer AS n FROM jobs GROUP BY queue, state ORDER BY queue, state',
      ),
    dispose: async () => {
      await side.end();
      for (const each of stores) await each.close();
      await server.freeDatabase(location);
      remove();
    },
  };
}

describe.skipIf(noPostgres !== undefined)(`on a server${whySkipped}`, () => {
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  exerciseStore('postgres', open, { liveness: 'lock' });
});
