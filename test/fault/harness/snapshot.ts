/** Reads the database by the queue's own driver: another SQLite could be an older one. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../../src/store/sqlite/driver.js';
import type { Database, Row } from '../../../src/store/sqlite/driver.js';
import type { JobRow, RunRow, Snapshot } from '../checkers/evidence.js';
import { markOf } from './job-scripts.js';

const BUSY_MS = 60_000;

/** Lets the caller read and write a living database; closed when the work is done. */
export function withDatabase<T>(home: string, work: (database: Database) => T): T {
  const database = openDatabase(join(home, 'queue.db'), BUSY_MS);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Everything that the checkers look at, as one state of the database. */
export function takeSnapshot(home: string): Snapshot {
  const walBytes = statSync(join(home, 'queue.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
  return withDatabase(home, (database) => {
    database.exec('BEGIN');
    const rows = (sql: string): Row[] => database.prepare(sql).all();
    const snapshot: Snapshot = {
      jobs: rows('SELECT * FROM jobs ORDER BY seq').map(toJobRow),
      runs: rows('SELECT seq, run, started_at, finished_at, outcome, reason FROM runs').map(toRunRow),
      counters: new Map(
        rows('SELECT * FROM counters').map((row) => [
          `${String(row['queue'])} ${String(row['state'])}`,
          Number(row['n']),
        ]),
      ),
      sessions: rows('SELECT 1 FROM workers').length,
      damage: damageOf(rows),
      walBytes,
    };
    database.exec('COMMIT');
    return snapshot;
  });
}

function damageOf(rows: (sql: string) => Row[]): string[] {
  const integrity = rows('PRAGMA integrity_check').map((row) => String(row['integrity_check']));
  const keys = rows('PRAGMA foreign_key_check').map((row) => `foreign key of ${String(row['table'])}`);
  return [...integrity.filter((text) => text !== 'ok'), ...keys];
}

function toJobRow(row: Row): JobRow {
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

function toRunRow(row: Row): RunRow {
  return {
    seq: Number(row['seq']),
    run: Number(row['run']),
    startedAtMs: Number(row['started_at']),
    finishedAtMs: Number(row['finished_at']),
    outcome: row['outcome'] as RunRow['outcome'],
    reason: row['reason'] as RunRow['reason'],
  };
}

/** How many jobs have neither come to an end nor been put aside, by a short read beside the workers. */
export function unfinishedJobs(home: string): { id: string; state: string }[] {
  const sql = `SELECT coalesce(id, seq) AS id, state FROM jobs WHERE state NOT IN ('completed', 'dead', 'cancelled', 'held') LIMIT 20`;
  return withDatabase(home, (database) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ id: String(row['id']), state: String(row['state']) })),
  );
}
