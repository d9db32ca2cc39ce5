/** The hot statements look at no more rows in a store of 60,000 waiting and finished jobs than in an empty one. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CANCELS } from '../../../src/store/sqlite/cancels.js';
import {
  JOBS_OF_LANE,
  NEXT_OF_LANE,
  NEXT_OF_QUEUE,
  NEXT_QUEUE,
} from '../../../src/store/sqlite/claim-jobs.js';
import { DUE, NEXT_DUE } from '../../../src/store/sqlite/promote.js';
import type { SqlValue } from '../../../src/store/sqlite/driver.js';
import { oldest } from '../../../src/store/sqlite/prune.js';
import { pageOf } from '../../../src/store/sqlite/list.js';
import { STATES } from '../../../src/job/state.js';
import type { State } from '../../../src/job/state.js';
import type { JobCursor } from '../../../src/job/cursor.js';
import { HOUR_MS, openTestStore, temporaryHome } from '../../support/stores.js';

const MANY = 20_000;

interface Store {
  readonly database: InstanceType<typeof DatabaseSync>;
  /** How many rows of `jobs` the statement asks about, those that it drops included. */
  visits(sql: string, ...values: SqlValue[]): number;
}

async function openCounting(): Promise<Store> {
  const home = temporaryHome();
  await openTestStore(home);
  const database = new DatabaseSync(join(home, 'queue.db'));
  onTestFinished(() => database.close());
  let visited = 0;
  // SQLite asks this of each row before anything that no index answers.
  database.function('visited', () => (visited += 1));
  return {
    database,
    visits: (sql, ...values) => {
      visited = 0;
      const counting = sql.replaceAll(/FROM jobs\s+WHERE /g, 'FROM jobs WHERE visited() AND ');
      expect(counting).not.toBe(sql);
      database.prepare(counting).all(...values);
      return visited;
    },
  };
}

function fill({ database }: Store): void {
  const now = Date.now();
  const insert = (state: string, count: number, runAt: number, finishedAt: number | null): void => {
    database
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO jobs (queue, state, priority, run_at, max_retries, backoff, command, options, created_at, updated_at, finished_at)
         SELECT 'q' || (i % 5), ?, i % 3, ? + i, 3, '{}', 'true', '{}', 0, 0, ? FROM n`,
      )
      .run(count, state, runAt, finishedAt);
  };
  database.exec('BEGIN');
  insert('scheduled', MANY, now + HOUR_MS, null);
  insert('failed', MANY, now + HOUR_MS, 1);
  insert('completed', MANY, now - HOUR_MS, 1);
  insert('dead', MANY, now - HOUR_MS, 1);
  insert('pending', 200, now - HOUR_MS, null);
  database.exec('COMMIT');
}

test('a claim visits at most as many rows of a queue as it may take', async () => {
  const store = await openCounting();
  fill(store);
  for (const sql of [NEXT_OF_LANE, JOBS_OF_LANE]) {
    for (const free of [1, 4, 40]) expect(store.visits(sql, 'q1', '', free)).toBeLessThanOrEqual(free);
    expect(store.visits(sql, 'nobody', '', 10)).toBe(0);
    expect(store.visits(sql, 'q1', 'a-handler', 10)).toBe(0);
  }
});

test('the ready lanes cost one probe each', async () => {
  const store = await openCounting();
  fill(store);
  for (const queue of ['', 'q0', 'q3', 'q4']) {
    expect(store.visits(NEXT_QUEUE, queue)).toBeLessThanOrEqual(1);
    expect(store.visits(NEXT_OF_QUEUE, queue, '')).toBe(0);
  }
});

test('what a person wants to end is looked for among the jobs of the session alone', async () => {
  const store = await openCounting();
  fill(store);
  store.database.exec(`
    UPDATE jobs SET state = 'processing', run = 1, started_at = 1, session_id = seq % 2 + 1, cancel = '{}'
    WHERE seq IN (SELECT seq FROM jobs WHERE state = 'pending' LIMIT 8)`);
  expect(store.visits(CANCELS, 1)).toBeLessThanOrEqual(4);
  expect(store.visits(CANCELS, 3)).toBe(0);
});

test('a promotion visits only what is due', async () => {
  const store = await openCounting();
  fill(store);
  expect(store.visits(DUE, Date.now())).toBe(0);
  store.database.exec(`UPDATE jobs SET run_at = 1 WHERE state = 'scheduled' AND seq % 4000 = 0`);
  expect(store.visits(DUE, Date.now())).toBe(5);
  expect(store.visits(DUE, Date.now() + 2 * HOUR_MS)).toBeLessThanOrEqual(1001);
  // The first of each of the two states.
  expect(store.visits(NEXT_DUE)).toBeLessThanOrEqual(2);
});

/** The place of a job in the middle of its state. */
function middleOf({ database }: Store, state: State): JobCursor {
  const row = database
    .prepare(
      'SELECT seq, queue, handler, priority, run_at, finished_at FROM jobs WHERE state = ? LIMIT 1 OFFSET 100',
    )
    .get(state) as {
    seq: number;
    queue: string;
    handler: string;
    priority: number;
    run_at: number;
    finished_at: number | null;
  };
  const { seq, queue, handler, priority, run_at: runAt, finished_at: finishedAt } = row;
  return { state, seq, queue, handler, priority, atMs: state === 'failed' ? runAt : (finishedAt ?? runAt) };
}

test('a page of a list costs the rows that it shows, also in the middle and among jobs of one time', async () => {
  const store = await openCounting();
  fill(store);
  for (const state of STATES) {
    for (const { sql, values } of pageOf(state, undefined, undefined))
      expect(store.visits(sql, ...values, 10), `${state}, first page`).toBeLessThanOrEqual(10);
  }
  for (const state of ['scheduled', 'failed', 'completed', 'dead', 'pending'] as const) {
    for (const { sql, values } of pageOf(state, undefined, middleOf(store, state)))
      expect(store.visits(sql, ...values, 10), `${state}, ${sql}`).toBeLessThanOrEqual(10);
  }
});

test('a prune visits the rows that it removes', async () => {
  const store = await openCounting();
  fill(store);
  expect(store.visits(oldest('completed'), 2, 100)).toBeLessThanOrEqual(100);
  expect(store.visits(oldest('dead'), 1, 100)).toBe(0);
});
