/** Workers on a server in trouble: no acknowledged job is lost, none runs twice without a reason, and the queue is drained. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';

const JOBS = 150;
/** A worker waits longer after each trouble, ten seconds at most. */
const MOST_HARMS = 6;

const TERMINATE_ONE = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`;

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly run: number;
}

describe.skipIf(noPostgres !== undefined)(`workers on a server in trouble${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ durable: true });
  });
  afterAll(() => server.stop());

  /** Two workers drain the queue while `harm` is done again and again. */
  async function drainThrough(harm: (url: string) => Promise<unknown>): Promise<void> {
    const url = await server.createDatabase();
    const cli = createCli();
    await cli.ok('config', 'set', '-q', 'database', url);
    const jobs = Array.from({ length: JOBS }, (_, n) => ({
      id: `job-${n}`,
      command: `echo S >> runs-$QUEUECTL_JOB_ID.$QUEUECTL_RUN; sleep 0.0${n % 10}`,
    }));
    await cli.enqueueAll(jobs);
    const workers = await Promise.all([cli.startWorker(['--count', '2']), cli.startWorker(['--count', '2'])]);
    const completed = async (): Promise<number> => {
      const [row] = await query(
        url,
        `SELECT count(*)::integer AS n FROM queuectl.jobs WHERE state = 'completed'`,
      );
      return Number(row?.['n']);
    };
    const moreThan = async (n: number): Promise<number | null> => {
      const now = await completed();
      return now > n ? now : null;
    };
    let harms = 0;
    let before = 0;
    while (before < JOBS / 2 && harms < MOST_HARMS) {
      // Not before something was done again: a server that never stays up drains no queue.
      before = await waitUntil(() => moreThan(before), { what: 'some jobs to be completed' });
      await harm(url).catch(() => undefined);
      harms += 1;
    }
    await waitUntil(async () => (await completed()) === JOBS, {
      what: 'the queue to be drained',
      timeoutMs: 50_000,
    });
    await cli.ok('worker', 'stop');
    for (const worker of workers) expect((await worker.ended).code).toBe(0);
    expect(harms).toBeGreaterThan(0);
    const shown = await cli.json<Shown[]>('list', '--state', 'completed', '--limit', '1000');
    expect(shown).toHaveLength(JOBS);
    for (const { id, run } of shown) {
      // What was claimed by an exchange without an answer was given back: its run never began.
      const began = Array.from({ length: run }, (_, n) => linesOf(cli.read(`runs-${id}.${n + 1}`)).length);
      expect({ id, began: began.reduce((sum, n) => sum + n, 0) }).toEqual({ id, began: 1 });
    }
    expect(
      await query(url, `SELECT sum(n)::integer AS n FROM queuectl.counters WHERE state <> 'completed'`),
    ).toEqual([{ n: 0 }]);
  }

  test(
    'connections that are terminated at random',
    () => drainThrough((url) => query(url, TERMINATE_ONE)),
    120_000,
  );

  test(
    'a server that is ended at once and started again',
    () => drainThrough(() => server.restart()),
    120_000,
  );
});
