/** New jobs: a thousand rows in one statement, with their counters. */
import { failpoint } from '../../failpoint.js';
import type { NewJob } from '../../job/job.js';
import type { State } from '../../job/state.js';
import { NEW_JOB_COLUMNS, newJobValues } from '../rows/rows.js';
import type { Row, SqlValue } from '../rows/row.js';
import type { InsertResult } from '../store.js';
import { plainArray, textArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { addToCounters, anyStripe } from './counters.js';
import { duplicateId } from './jobs.js';
import { CLOCK } from './now.js';
import { inParts } from './parts.js';

/** A statement that stores jobs; its values behind those of the jobs. */
export interface InsertStatement {
  readonly text: string;
  readonly more: () => readonly SqlValue[];
}

/**
 * The numbers are given out in the order of the jobs. An id that is stored is left out, or where another transaction
 * stores it at this moment, waited for and refused by the index; it is looked for by its id, as EXISTS need not be: of that
 * the planner may make one pass over all jobs. `stripe`: of the counters; `told`: one more column.
 */
export const insertSql = (stripe: string, told = ''): string => `
  WITH ${CLOCK},
  given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::bigint[], $11::bigint[], $12::boolean[])
    WITH ORDINALITY AS g (${NEW_JOB_COLUMNS}, at_ms, delay_ms, hold, place)
  ),
  dated AS (
    SELECT g.*, coalesce(at_ms, now + delay_ms) AS run_at FROM given g, clock
    WHERE id IS NULL OR NOT coalesce((SELECT true FROM queuectl.jobs j WHERE j.id = g.id), false)
  ),
  numbered AS MATERIALIZED (
    SELECT d.*, nextval((SELECT pg_get_serial_sequence('queuectl.jobs', 'seq')::regclass)) AS seq,
      CASE WHEN hold THEN 'held' WHEN run_at > now THEN 'scheduled' ELSE 'pending' END AS state
    FROM (SELECT * FROM dated ORDER BY place) d, clock
  ),
  inserted AS (
    INSERT INTO queuectl.jobs (seq, ${NEW_JOB_COLUMNS}, state, run_at, created_at, updated_at)
    SELECT seq, ${NEW_JOB_COLUMNS}, state, run_at, now, now FROM numbered, clock ORDER BY place
    ON CONFLICT (id) WHERE id IS NOT NULL DO NOTHING
    RETURNING seq, queue, state
  ),
  tagged AS (
    INSERT INTO queuectl.tags (tag, seq)
    SELECT t.tag, i.seq FROM unnest($13::text[], $14::bigint[]) AS t (tag, place)
    JOIN numbered n ON n.place = t.place JOIN inserted i ON i.seq = n.seq
  ),
  counted AS (${addToCounters('SELECT queue, state, 1 AS n FROM inserted', stripe)})
  SELECT n.place, i.seq, i.state${told} FROM numbered n JOIN inserted i ON i.seq = n.seq ORDER BY n.place`;

const INSERT: InsertStatement = { text: insertSql('$15::integer'), more: () => [anyStripe()] };

export async function insertJobs(
  connection: Connection,
  jobs: readonly NewJob[],
  onConflict: 'error' | 'ignore',
): Promise<InsertResult[]> {
  failpoint('enqueue.before_transaction');
  const [only, ...more] = inParts(jobs, sizeOf);
  const insert = async (transaction: Pick<Transaction, 'rows'>): Promise<InsertResult[]> => {
    const inserted = await insertAll(transaction, jobs, onConflict, INSERT);
    failpoint('enqueue.before_commit');
    return inserted;
  };
  // One statement is a transaction of its own, unless it would have to be undone for a job that it left out.
  const isOne = more.length === 0 && (only?.length === 1 || onConflict === 'ignore' || jobs.every(isUnnamed));
  const results = await (isOne
    ? insert({ rows: (text, ...values) => connection.change(text, ...values) })
    : connection.write(insert));
  failpoint('enqueue.after_commit');
  return results;
}

function isUnnamed({ id }: NewJob): boolean {
  return id === null;
}

/** Inside of a transaction. */
export async function insertAll(
  transaction: Pick<Transaction, 'rows'>,
  jobs: readonly NewJob[],
  onConflict: 'error' | 'ignore',
  statement: InsertStatement,
): Promise<InsertResult[]> {
  const results: InsertResult[] = [];
  for (const part of inParts(jobs, sizeOf)) {
    const inserted = await insertPart(transaction, part, statement);
    for (const [index, job] of part.entries()) {
      const row = inserted.get(index);
      if (row === undefined && onConflict === 'error') throw duplicateId(job.id ?? '');
      results.push(row === undefined ? { outcome: 'exists', id: job.id ?? '' } : toResult(job, row));
    }
  }
  return results;
}

function sizeOf({ command, stdin, payload }: NewJob): number {
  const ofPayload = payload === null ? 0 : JSON.stringify(payload).length;
  return (command?.length ?? 0) + (stdin?.length ?? 0) + ofPayload;
}

/** The rows that are new, by their place in the part. */
async function insertPart(
  transaction: Pick<Transaction, 'rows'>,
  part: readonly NewJob[],
  { text, more }: InsertStatement,
): Promise<Map<number, Row>> {
  const rows = await transaction.rows(text, ...columns(part), ...more());
  return new Map(rows.map((row) => [Number(row['place']) - 1, row]));
}

function toResult(job: NewJob, row: Row): InsertResult {
  const seq = Number(row['seq']);
  return { outcome: 'inserted', id: job.id ?? String(seq), seq, state: row['state'] as State };
}

/** A list for each column, in the order of the statement's parameters. */
function columns(jobs: readonly NewJob[]): SqlValue[] {
  const rows = jobs.map(newJobValues);
  const tags = jobs.flatMap((job, index) => job.tags.map((tag) => [tag, index + 1] as const));
  const column = (index: number): SqlValue[] => rows.map((row) => row[index] ?? null);
  const text = (index: number): string => textArray(column(index) as (string | null)[]);
  const number = (index: number): string => plainArray(column(index) as number[]);
  return [
    text(0),
    text(1),
    number(2),
    number(3),
    text(4),
    text(5),
    text(6),
    text(7),
    text(8),
    plainArray(jobs.map(({ start }) => ('atMs' in start ? start.atMs : null))),
    plainArray(jobs.map(({ start }) => ('delayMs' in start ? start.delayMs : null))),
    plainArray(jobs.map(({ hold }) => hold)),
    textArray(tags.map(([tag]) => tag)),
    plainArray(tags.map(([, place]) => place)),
  ];
}
