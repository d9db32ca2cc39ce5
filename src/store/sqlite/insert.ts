/** New jobs: a thousand rows in one statement, since what a driver costs is the values it is handed one by one. */
import { failpoint } from '../../failpoint.js';
import type { NewJob } from '../../job/job.js';
import type { InsertResult } from '../store.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import type { SqlValue } from './driver.js';
import { duplicateId } from './jobs.js';
import { NEW_JOB_COLUMNS, newJobValues } from './rows.js';

const COLUMNS: readonly string[] = [...NEW_JOB_COLUMNS.split(', '), 'state', 'run_at'];
const COMMAND = COLUMNS.indexOf('command');
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
    const state = runAtMs > now ? 'scheduled' : 'pending';
    rows.push([...newJobValues(job), state, runAtMs]);
    counters.add(job.queue, state, 1);
    const seq = last + rows.length;
    results.push({ outcome: 'inserted', id: job.id ?? String(seq), seq, state });
  }
  let seq = last + 1;
  for (const part of parts(rows)) {
    insertRows(connection, part, seq, now);
    seq += part.length;
  }
  counters.write(connection);
  return results;
}

/** Asked under the write lock: nobody stores one of these ids between the answer and the insert. */
const STORED_IDS = 'SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))';

function storedIds(connection: Connection, jobs: readonly NewJob[]): Set<string> {
  const ids = jobs.flatMap(({ id }) => id ?? []);
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

function* parts(rows: readonly NewRow[]): Generator<readonly NewRow[]> {
  let start = 0;
  let characters = 0;
  for (const [index, row] of rows.entries()) {
    for (const value of row) if (typeof value === 'string') characters += value.length;
    if (index + 1 - start < MOST_ROWS && characters < MOST_CHARACTERS) continue;
    yield rows.slice(start, index + 1);
    start = index + 1;
    characters = 0;
  }
  if (start < rows.length) yield rows.slice(start);
}

/**
 * The rows, numbered from `firstSeq`. A column that is the same in all of them is bound once; the others travel as one
 * JSON text. All rows are new: the ids were looked up under this lock.
 */
function insertRows(connection: Connection, rows: readonly NewRow[], firstSeq: number, now: number): void {
  const [first = []] = rows;
  const varying = COLUMNS.flatMap((_, column) =>
    column === COMMAND || rows.some((row) => row[column] !== first[column]) ? [column] : [],
  );
  const same = first.filter((_, column) => !varying.includes(column));
  const values = rows.map((row) =>
    varying.length === 1 ? row[COMMAND] : varying.map((column) => row[column]),
  );
  connection.sql(insertText(varying)).run(firstSeq, now, JSON.stringify(values), ...same);
}

/** One text for each set of columns that vary: there are few, and each is prepared once. */
function insertText(varying: readonly number[]): string {
  let bound = 3;
  const values = COLUMNS.map((_, column) => {
    const place = varying.indexOf(column);
    if (place === -1) return `?${++bound}`;
    return varying.length === 1 ? 'value' : `value ->> ${place}`;
  });
  return `
    INSERT INTO jobs (seq, ${COLUMNS.join(', ')}, created_at, updated_at)
    SELECT ?1 + key, ${values.join(', ')}, ?2, ?2 FROM json_each(?3)`;
}
