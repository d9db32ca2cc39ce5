/** The SQLite store passes the specification, on real files. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { openStore } from '../../src/store/open-store.js';
import type { Store } from '../../src/store/store.js';
import { HOUR_MS, LOCK_TIMEOUT_MS, makeTemporaryHome } from '../support/stores.js';
import { exerciseStore } from './conformance/conformance.js';
import type { JobCount, StoredJob, StoreUnderTest } from './conformance/store-under-test.js';

const LONG_AGO = 1_000_000_000_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

async function open(): Promise<StoreUnderTest> {
  const { home, remove } = makeTemporaryHome();
  const stores: Store[] = [];
  const connect = async (): Promise<Store> => {
    const store = await openStore(home, { lockTimeoutMs: LOCK_TIMEOUT_MS });
    stores.push(store);
    return store;
  };
  const store = await connect();
  const side = new DatabaseSync(join(home, 'queue.db'), { timeout: LOCK_TIMEOUT_MS });
  const run = (sql: string, ...values: (string | number)[]): void => void side.prepare(sql).run(...values);
  const counts = (sql: string): JobCount[] => side.prepare(sql).all();
  return {
    store,
    location: home,
    connect,
    storedJob: async (seq) => ({ ...side.prepare('SELECT * FROM jobs WHERE seq = ?').get(seq) }) as StoredJob,
    force: async (seq, state) => {
      side.exec('BEGIN IMMEDIATE');
      run(
        'UPDATE counters SET n = n - 1 WHERE (queue, state) = (SELECT queue, state FROM jobs WHERE seq = ?)',
        seq,
      );
      run('UPDATE jobs SET state = ? WHERE seq = ?', state, seq);
      run(
        'INSERT INTO counters SELECT queue, state, 1 FROM jobs WHERE seq = ? ON CONFLICT DO UPDATE SET n = n + 1',
        seq,
      );
      side.exec('COMMIT');
    },
    makeDue: async (seq) => {
      if (seq === undefined) run('UPDATE jobs SET run_at = run_at - ?', TEN_YEARS_MS);
      else run('UPDATE jobs SET run_at = ? WHERE seq = ?', LONG_AGO, seq);
    },
    forgetSession: async (id) => run('DELETE FROM workers WHERE session_id = ?', id),
    writeAct: async (kind, seqs, atMs) =>
      run('INSERT INTO acts (at, kind, seqs) VALUES (?, ?, ?)', atMs, kind, JSON.stringify(seqs)),
    spoilCounter: async (queue, state, n) =>
      run('INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = excluded.n', queue, state, n),
    counters: async () => counts('SELECT queue, state, n FROM counters WHERE n != 0 ORDER BY queue, state'),
    countJobs: async () =>
      counts('SELECT queue, state, count(*) AS n FROM jobs GROUP BY queue, state ORDER BY queue, state'),
    dispose: async () => {
      side.close();
      for (const each of stores) await each.close();
      remove();
    },
  };
}

exerciseStore('sqlite', open, { liveness: 'lock' });
