import { withDatabase } from '../../support/database.js';
import type { Row } from '../../support/database.js';
import type { JobRow, RunRow, Snapshot } from '../checkers/evidence.js';
import { damageOf, walBytes } from './database.js';
import { markOf } from './job-scripts.js';
import type { World } from './world.js';

const COUNTERS = 'SELECT queue, state, sum(n) AS n FROM counters GROUP BY queue, state';

/** Everything that the checkers look at, as one state of the database. */
export async function takeSnapshot(world: World): Promise<Snapshot> {
  const bytes = walBytes(world);
  return withDatabase(world, async (database) => {
    const { rows } = database;
    return {
      jobs: (await rows('SELECT * FROM jobs ORDER BY seq')).map(toJobRow),
      runs: (await rows('SELECT seq, run, started_at, finished_at, outcome, reason FROM runs')).map(toRunRow),
      counters: new Map(
        (await rows(COUNTERS)).map((row) => [
          `${String(row['queue'])} ${String(row['state'])}`,
          Number(row['n']),
        ]),
      ),
      sessions: (await rows('SELECT 1 FROM workers')).length,
      damage: await damageOf(world, database),
      walBytes: bytes,
    };
  });
}

export function toJobRow(row: Row): JobRow {
  return {
    seq: Number(row['seq']),
    id: String(row['id'] ?? row['seq']),
    mark: markOf(String(row['command'])),
    state: row['state'] as JobRow['state'],
    queue: String(row['queue']),
    priority: Number(row['priority']),
    attempts: Number(row['attempts']),
    crashes: Number(row['crashes']),
    run: Number(row['run']),
    maxRetries: Number(row['max_retries']),
    backoff: JSON.parse(String(row['backoff'])) as JobRow['backoff'],
  };
}

export function toRunRow(row: Row): RunRow {
  return {
    seq: Number(row['seq']),
    run: Number(row['run']),
    startedAtMs: Number(row['started_at']),
    finishedAtMs: Number(row['finished_at']),
    outcome: row['outcome'] as RunRow['outcome'],
    reason: row['reason'] as RunRow['reason'],
  };
}

const UNFINISHED = `
  SELECT coalesce(id, CAST(seq AS text)) AS id, state FROM jobs
  WHERE state NOT IN ('completed', 'dead', 'cancelled', 'held') LIMIT 20`;

/** Jobs that have neither come to an end nor been put aside, by a short read beside the workers. */
function unfinishedJobs(world: World): Promise<UnfinishedJob[]> {
  return withDatabase(world, async ({ rows }) =>
    (await rows(UNFINISHED)).map((row) => ({ id: String(row['id']), state: String(row['state']) })),
  );
}

export interface UnfinishedJob {
  readonly id: string;
  readonly state: string;
}

/** What the end of a history looks at, wherever the queue lies. */
export interface StoreView {
  readonly unfinished: () => UnfinishedJob[] | Promise<UnfinishedJob[]>;
  readonly snapshot: () => Snapshot | Promise<Snapshot>;
}

export function viewOf(world: World): StoreView {
  return { unfinished: () => unfinishedJobs(world), snapshot: () => takeSnapshot(world) };
}
