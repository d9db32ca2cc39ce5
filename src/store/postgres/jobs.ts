/** Jobs by their ids. */
import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import type { Row } from '../rows/row.js';
import { toJob } from '../rows/rows.js';
import { plainArray, textArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { isSequenceNumber } from '../rows/condition.js';

export function duplicateId(id: string): QueueError {
  return new QueueError(
    'conflict',
    `job ${JSON.stringify(id)} exists already`,
    'choose another id; to leave it alone: enqueue with --on-conflict ignore',
  );
}

const BY_SEQ = 'SELECT * FROM queuectl.jobs WHERE seq = $1 AND id IS NULL';
const BY_NAME = 'SELECT * FROM queuectl.jobs WHERE id = $1';

export async function getJob(connection: Connection, id: string): Promise<Job | null> {
  // The server can keep no NUL, so no job has one in its name.
  if (id.includes('\0')) return null;
  const [row] = isSequenceNumber(id)
    ? await connection.rows(BY_SEQ, Number(id))
    : await connection.rows(BY_NAME, id);
  return row === undefined ? null : toJob(row);
}

/** Found by either index, and held in the order of their numbers. */
const HELD = `
  SELECT * FROM queuectl.jobs WHERE seq = ANY (ARRAY(
    SELECT seq FROM queuectl.jobs WHERE seq = ANY ($1::bigint[]) AND id IS NULL
    UNION ALL
    SELECT seq FROM queuectl.jobs WHERE id = ANY ($2::text[])
  )) ORDER BY seq FOR UPDATE`;

/** The rows of these jobs, in the order of their ids; nobody else changes them until the transaction ends. */
export async function findRows(
  transaction: Transaction,
  ids: readonly string[],
): Promise<(readonly [id: string, row: Row | undefined])[]> {
  const names = ids.filter((id) => !isSequenceNumber(id) && !id.includes('\0'));
  const numbers = ids.filter(isSequenceNumber).map(Number);
  const rows = await transaction.rows(HELD, plainArray(numbers), textArray(names));
  const byId = new Map(rows.map((row) => [String(row['id'] ?? row['seq']), row]));
  return ids.map((id) => [id, byId.get(id)] as const);
}
