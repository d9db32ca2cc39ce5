/** The queue as it lies on the server, seen over its socket: no fault of the network stands between. */
import { query } from '../../support/postgres.js';
import type { Snapshot } from '../checkers/evidence.js';
import { toJobRow, toRunRow } from '../harness/snapshot.js';
import type { StoreView, UnfinishedJob } from '../harness/snapshot.js';

type Rows = Record<string, unknown>[];

const UNFINISHED = `
  SELECT coalesce(id, seq::text) AS id, state FROM queuectl.jobs
  WHERE state NOT IN ('completed', 'dead', 'cancelled', 'held') LIMIT 20`;

/** The server's own checks of tables and indexes. */
const DAMAGE = `
  SELECT c.relname || ': ' || v.msg AS damage
  FROM pg_class c, LATERAL verify_heapam(c.oid) v
  WHERE c.relnamespace = 'queuectl'::regnamespace AND c.relkind = 'r'`;
const INDEXES = `
  SELECT bt_index_parent_check(c.oid, true, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
  WHERE c.relnamespace = 'queuectl'::regnamespace AND c.relkind = 'i' AND a.amname = 'btree'`;

export class ServerView implements StoreView {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async unfinished(): Promise<UnfinishedJob[]> {
    const rows = await this.#rows(UNFINISHED);
    return rows.map((row) => ({ id: String(row['id']), state: String(row['state']) }));
  }

  /** An id of the jobs in these states, any of them; undefined: there is none, or the server is away. */
  async pickId(...states: readonly string[]): Promise<string | undefined> {
    const list = states.map((state) => `'${state}'`).join(', ');
    const sql = `SELECT coalesce(id, seq::text) AS id FROM queuectl.jobs WHERE state IN (${list}) ORDER BY random() LIMIT 1`;
    const [row] = await this.#rows(sql).catch((): Rows => []);
    return row === undefined ? undefined : String(row['id']);
  }

  async countUnfinished(): Promise<number> {
    const sql = `SELECT count(*) AS n FROM queuectl.jobs WHERE state NOT IN ('completed', 'dead', 'cancelled')`;
    const [row] = await this.#rows(sql).catch((): Rows => []);
    return Number(row?.['n'] ?? Infinity);
  }

  /** One of the connections to this database, those of this view left out. */
  async terminateOne(): Promise<void> {
    await this.#rows(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'queuectl%' ORDER BY random() LIMIT 1`);
  }

  /** Once nobody else writes. */
  async snapshot(): Promise<Snapshot> {
    const [jobs, runs, counters, sessions] = await Promise.all([
      this.#rows('SELECT * FROM queuectl.jobs ORDER BY seq'),
      this.#rows('SELECT seq, run, started_at, finished_at, outcome, reason FROM queuectl.runs'),
      this.#rows('SELECT queue, state, sum(n) AS n FROM queuectl.counters GROUP BY queue, state'),
      this.#rows('SELECT 1 FROM queuectl.workers'),
    ]);
    return {
      jobs: jobs.map(toJobRow),
      runs: runs.map(toRunRow),
      counters: new Map(
        counters.map((row) => [`${String(row['queue'])} ${String(row['state'])}`, Number(row['n'])]),
      ),
      sessions: sessions.length,
      damage: await this.#damage(),
      walBytes: 0,
    };
  }

  async #damage(): Promise<string[]> {
    await this.#rows('CREATE EXTENSION IF NOT EXISTS amcheck');
    const found = (await this.#rows(DAMAGE)).map((row) => String(row['damage']));
    const wrong = await this.#rows(INDEXES).then(
      () => [],
      (error: unknown) => [String(error)],
    );
    return [...found, ...wrong];
  }

  #rows(sql: string): Promise<Rows> {
    return query(this.url, sql);
  }
}
