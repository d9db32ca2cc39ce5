/**
 * The hot statements look at no more rows in a table of 100,000 waiting and finished jobs than in an empty one, whatever the
 * server knows of it. What the server says it did is asserted, never its time.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, outlook } from '../../../src/store/postgres/claims.js';
import { Connection } from '../../../src/store/postgres/connection.js';
import { Doubts } from '../../../src/store/postgres/doubts.js';
import { insertJobs } from '../../../src/store/postgres/insert.js';
import { writeRows } from '../../../src/store/postgres/write-rows.js';
import { planChanges } from '../../../src/store/rows/change-plan.js';
import type { Row, SqlValue } from '../../../src/store/rows/row.js';
import { openStore } from '../../../src/store/open-store.js';
import type { RunKey, Session, Store } from '../../../src/store/store.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { comparisons, noteStatements, stepsOf, visits } from '../../support/postgres-plans.js';
import type { PlanNode } from '../../support/postgres-plans.js';
import { ended, HOUR_MS, makeTemporaryHome, newJob, owner, TO } from '../../support/stores.js';

const MANY = 25_000;
const QUEUES = 5;
const READY = 500;
const BATCH = 40;

/** Rows of one state, spread over the queues. */
const rowsOf = (state: string, count: number, runAt: string, finishedAt: string): string => `
  INSERT INTO queuectl.jobs (queue, state, priority, run_at, max_retries, backoff, command, options, created_at, updated_at, finished_at)
  SELECT 'q' || (i % ${QUEUES}), '${state}', i % 3, ${runAt} + i, 3, '{"base":2}', 'true', '{"grace_ms":0}', 0, 0, ${finishedAt}
  FROM generate_series(1, ${count}) AS i;`;

const NOW = '(extract(epoch FROM now()) * 1000)::bigint';

const FILL = [
  rowsOf('scheduled', MANY, `${NOW} + ${HOUR_MS}`, 'NULL'),
  rowsOf('failed', MANY, `${NOW} + ${HOUR_MS}`, '1'),
  rowsOf('completed', MANY, `${NOW} - ${HOUR_MS}`, '1'),
  rowsOf('dead', MANY, `${NOW} - ${HOUR_MS}`, '1'),
  rowsOf('pending', READY, `${NOW} - ${HOUR_MS}`, 'NULL'),
].join('\n');

/** No statistics, as in a new database; those of the full table; those that were taken when it was empty. */
const KNOWLEDGE = {
  'that has never been analysed': FILL,
  'that has been analysed': `${FILL} ANALYZE queuectl.jobs;`,
  'that was analysed when it was empty': `ANALYZE queuectl.jobs; ${FILL}`,
} as const;

describe.skipIf(noPostgres !== undefined)(`on a server${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  describe.each(Object.entries(KNOWLEDGE))('in a table %s', (_, fill) => {
    const { home, remove } = makeTemporaryHome();
    let url: string;
    let store: Store;
    let connection: Connection;
    let session: Session;
    let claims: readonly RunKey[];

    beforeAll(async () => {
      url = await server.createDatabase();
      store = await openStore(url, { lockTimeoutMs: 20_000, home });
      await query(url, 'ALTER TABLE queuectl.jobs SET (autovacuum_enabled = off)');
      await query(url, fill);
      session = await store.openSession(owner({ slots: BATCH }));
      claims = (await store.exchange(session, { running: [], finished: [], free: BATCH })).claims;
      const other = await store.openSession(owner());
      await store.exchange(other, { running: [], finished: [], free: BATCH });
      connection = await Connection.open(url, 20_000);
    }, 60_000);
    afterAll(async () => {
      await connection.close();
      await store.close();
      remove();
    });

    /** What the server did for the first statement of this work, which is then undone. */
    async function measured(work: (connection: Connection) => Promise<unknown>): Promise<PlanNode[]> {
      const noting = await Connection.open(url, 20_000);
      const noted = noteStatements(noting);
      noting.change = async (text, ...values) => {
        noted.push({ text, values });
        throw new Error('noted');
      };
      await work(noting).catch(() => undefined);
      await noting.close();
      const [statement] = noted;
      if (statement === undefined) throw new Error('nothing was noted');
      return stepsOf(connection, statement, true);
    }

    test('an exchange visits the rows that it changes, and of each queue at most as many as it may take', async () => {
      expect(claims).toHaveLength(BATCH);
      const finished = claims.map((run) => ended(run, TO.completed));
      const steps = await measured((noting) =>
        exchange(noting, session, { running: [], finished, free: BATCH }, new Doubts()),
      );
      // What it owns, its ends, what each queue offers, what it takes; and a probe for each queue.
      expect(visits(steps)).toBeLessThanOrEqual(BATCH * (1 + 1 + QUEUES + 1) + 2 * QUEUES);
      expect(visits(steps)).toBeGreaterThan(BATCH);
      expect(comparisons(steps)).toBeLessThanOrEqual(BATCH);
    });

    test('an exchange that takes nothing visits what its session owns, and a probe for each queue', async () => {
      const steps = await measured((noting) =>
        exchange(noting, session, { running: claims, finished: [], free: 0 }, new Doubts()),
      );
      expect(visits(steps)).toBeLessThanOrEqual(BATCH + 2 * QUEUES);
      expect(comparisons(steps)).toBeLessThanOrEqual(BATCH);
    });

    test('a look at what is to do costs a probe for each queue, and the next of each state that waits', async () => {
      const steps = await measured((noting) => outlook(noting, session));
      expect(visits(steps)).toBeLessThanOrEqual(BATCH + 2 * QUEUES + 2);
    });

    test.each([{ kind: 'hold' }, { kind: 'set', settings: { priority: 7 } }] as const)(
      'what a person does to jobs visits those alone ($kind)',
      async (change) => {
        const rows = await query(
          url,
          `SELECT * FROM queuectl.jobs WHERE state = 'pending' ORDER BY seq LIMIT ${BATCH}`,
        );
        const { writes } = planChanges(
          rows.map((row) => [
            String(row['seq']),
            { ...row, seq: Number(row['seq']), run_at: Number(row['run_at']) },
          ]),
          change,
          Date.now(),
        );
        expect(writes).toHaveLength(BATCH);
        const steps = await measured((noting) => {
          const rowsOfFirst = (text: string, ...values: SqlValue[]): Promise<Row[]> =>
            noting.change(text, ...values);
          return writeRows({ rows: rowsOfFirst }, writes);
        });
        expect(visits(steps)).toBe(BATCH);
        expect(comparisons(steps)).toBeLessThanOrEqual(BATCH);
      },
    );

    test('new jobs are compared with no others', async () => {
      const jobs = Array.from({ length: 200 }, () => newJob());
      const steps = await measured((noting) => insertJobs(noting, jobs, 'error'));
      expect(visits(steps)).toBe(0);
      expect(comparisons(steps)).toBeLessThanOrEqual(200);
    });
  });
});
