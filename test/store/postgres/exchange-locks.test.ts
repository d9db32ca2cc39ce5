/** Which rows an exchange locks, and when, beside transactions that hold some of them. On a real server. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../src/store/open-store.js';
import type { ProcessingJob } from '../../../src/job/job.js';
import type { Session, Store } from '../../../src/store/store.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { waitUntil } from '../../support/processes.js';
import { ended, jobOf, makeTemporaryHome, newJob, owner, TO } from '../../support/stores.js';

const IS_WAITING = `
  SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
const CANCEL = `'{"at":1,"signal":"SIGTERM","grace_ms":0,"reason":"no longer wanted"}'`;

describe.skipIf(noPostgres !== undefined)(`on a server${whySkipped}`, () => {
  let server: TestServer;
  const { home, remove } = makeTemporaryHome();
  let url: string;
  let store: Store;
  let session: Session;
  let claims: readonly ProcessingJob[];
  let other: pg.Client;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server.stop();
    remove();
  });
  beforeEach(async () => {
    url = await server.createDatabase();
    store = await openStore(url, { lockTimeoutMs: 20_000, home });
    await store.insertJobs([newJob(), newJob(), newJob()], 'error');
    session = await store.openSession(owner({ slots: 3 }));
    claims = (await store.exchange(session, { running: [], finished: [], free: 3 })).claims;
    other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query('BEGIN');
  });
  afterEach(async () => {
    await other.end();
    await store.close();
  });

  const isWaiting = (): Promise<boolean> =>
    waitUntil(async () => Number((await query(url, IS_WAITING))[0]?.['n']) > 0, {
      what: 'the exchange to wait for the row',
    });

  test('the end of one run waits for nobody who holds the job of another', async () => {
    const [first, ...rest] = claims;
    await other.query('SELECT 1 FROM queuectl.jobs WHERE seq > 1 FOR UPDATE');
    if (first === undefined) throw new Error('nothing was claimed');
    await store.exchange(session, { running: rest, finished: [ended(first, TO.completed)], free: 0 });
    expect(await jobOf(store, first.id)).toMatchObject({ state: 'completed' });
  });

  test('ends take their rows in the order of the numbers, however they are reported, and before anything is claimed', async () => {
    await other.query('SELECT 1 FROM queuectl.jobs WHERE seq = 1 FOR UPDATE');
    await store.insertJobs([newJob()], 'error');
    const finished = claims.toReversed().map((job) => ended(job, TO.completed));
    const answer = store.exchange(session, { running: [], finished, free: 1 });
    await isWaiting();
    const left = await query(url, 'SELECT seq FROM queuectl.jobs ORDER BY seq FOR UPDATE SKIP LOCKED');
    expect(left.map(({ seq }) => Number(seq))).toEqual([2, 3, 4]);
    await other.query('COMMIT');
    expect((await answer).lost).toEqual([]);
    expect(await store.counts(null)).toMatchObject({ completed: 3, processing: 1 });
  });

  test('a cancel that is committed while the end of its run waits for the row is heeded', async () => {
    const [first, ...running] = claims;
    if (first === undefined) throw new Error('nothing was claimed');
    await other.query(`UPDATE queuectl.jobs SET cancel = ${CANCEL} WHERE seq = ${first.seq}`);
    const finished = [ended(first, TO.failed)];
    const answer = store.exchange(session, { running, finished, free: 0 });
    await isWaiting();
    await other.query('COMMIT');
    expect((await answer).cancelled).toMatchObject([{ seq: first.seq, run: first.run }]);
    expect(await jobOf(store, first.id)).toMatchObject({ state: 'cancelled', reason: 'no longer wanted' });
    expect(await store.counts(null)).toMatchObject({ cancelled: 1, processing: 2, failed: 0 });
  });
});
