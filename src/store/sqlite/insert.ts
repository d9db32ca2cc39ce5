/** New jobs: a thousand rows in one statement, since what a driver costs is the values it is handed one by one. */
import { failpoint } from '../../failpoint.js';
import type { NewJob } from '../../job/job.js';
import type { InsertResult } from '../store.js';
import { bulkRows } from './bulk-rows.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import type { SqlValue } from './driver.js';
import { duplicateId } from './jobs.js';
import { NEW_JOB_COLUMNS, newJobValues } from '../rows/rows.js';
import { insertTags } from './tags.js';

const COLUMNS: readonly string[] = [...NEW_JOB_COLUMNS.split(', '), 'state', 'run_at'];
const COMMAND = COLUMNS.indexOf('command');
const OPTIONS = COLUMNS.indexOf('options');
const MOST_ROWS = 1000;
/** Of a statement's JSON, roughly: a job may bring a megabyte of input. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** A new row: its values in the order of COLUMNS. */
type NewRow = readonly SqlValue[];

export async function insertJobs(
  connection: Connection,
  jobs: readonly NewJob[],
  onConflict: 'error' | 'ignore',
): Promise<InsertResult[]> {
  failpoint('enqueue.before_transaction');
  const results = await connection.write(() => {
    const inserted = insertAll(connection, jobs, onConflict);
    failpoint('enqueue.before_commit');
    return inserted;
  });
  failpoint('enqueue.after_commit');
  return results;
}

function insertAll(
  connection: Connection,
  jobs: readonly NewJob[],
  onConflict: 'error' | 'ignore',
): InsertResult[] {
  const now = Date.now();
  const taken = storedIds(connection, jobs);
  const counters = new CounterChanges();
  const rows: NewRow[] = [];
  const tags: [tag: string, seq: number][] = [];
  const results: InsertResult[] = [];
  const last = lastSeq(connection);
  for (const job of jobs) {
    if (job.id !== null) {
      if (taken.has(job.id)) {
        if (onConflict === 'error') throw duplicateId(job.id);
        results.push({ outcome: 'exists', id: job.id });
        continue;
      }
      taken.add(job.id);
    }
    const runAtMs = 'atMs' in job.start ? job.start.atMs : now + job.start.delayMs;
    const state = stateOfNew(job, runAtMs > now);
    const row = newJobValues(job);
    row.push(state, runAtMs);
    rows.push(row);
    counters.add(job.queue, state, 1);
    const seq = last + rows.length;
    for (const tag of job.tags) tags.push([tag, seq]);
    results.push({ outcome: 'inserted', id: job.id ?? String(seq), seq, state });
  }
  let seq = last + 1;
  for (const part of parts(rows)) {
    insertRows(connection, part, seq, now);
    seq += part.length;
  }
  insertTags(connection, tags);
  counters.write(connection);
  return results;
}

function stateOfNew(job: NewJob, isAhead: boolean): 'held' | 'scheduled' | 'pending' {
  if (job.hold) return 'held';
  return isAhead ? 'scheduled' : 'pending';
}

/** Asked under the write lock: nobody stores one of these ids between the answer and the insert. */
const STORED_IDS = 'SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))';

function storedIds(connection: Connection, jobs: readonly NewJob[]): Set<string> {
  const ids: string[] = [];
  for (const { id } of jobs) if (id !== null) ids.push(id);
  if (ids.length === 0) return new Set();
  const rows = connection.sql(STORED_IDS).all(JSON.stringify(ids));
  return new Set(rows.map((row) => String(row['id'])));
}

/**
 * The largest sequence number ever given. Under the write lock, so that the next ones are ours: the rows get theirs
 * from us, because no statement promises the order in which it inserts.
 */
function lastSeq(connection: Connection): number {
  const row = connection.sql('SELECT seq FROM sqlite_sequence WHERE name = ?').get('jobs');
  return Number(row?.['seq'] ?? 0);
}

/** As many rows as fit in one statement. */
function* parts(rows: readonly NewRow[]): Generator<readonly NewRow[]> {
  let start = 0;
  let characters = 0;
  for (let end = 1; end <= rows.length; end++) {
    const row = rows[end - 1] ?? [];
    characters += String(row[COMMAND]).length + String(row[OPTIONS]).length;
    if (end < rows.length && end - start < MOST_ROWS && characters < MOST_CHARACTERS) continue;
    yield start === 0 && end === rows.length ? rows : rows.slice(start, end);
    start = end;
    characters = 0;
  }
}

/** The rows, numbered from `firstSeq`. All are new: the ids were looked up under this lock. */
function insertRows(connection: Connection, rows: readonly NewRow[], firstSeq: number, now: number): void {
  const { expressions, json, shared } = bulkRows(rows, COMMAND, 4);
  connection
    .sql(
      `INSERT INTO jobs (seq, ${COLUMNS.join(', ')}, created_at, updated_at)
      SELECT ?1 + key, ${expressions.join(', ')}, ?2, ?2 FROM json_each(?3)`,
    )
    .run(firstSeq, now, json, ...shared);
}
