/** One job by its id. */
import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import type { Connection } from './connection.js';
import { toJob } from '../rows/rows.js';
import type { Row } from './driver.js';
import { isSequenceNumber } from '../rows/condition.js';

export function duplicateId(id: string): QueueError {
  return new QueueError(
    'conflict',
    `job ${JSON.stringify(id)} exists already`,
    'choose another id; to leave it alone: enqueue with --on-conflict ignore',
  );
}

export function findRow(connection: Connection, id: string): Row | undefined {
  return isSequenceNumber(id)
    ? connection.sql('SELECT * FROM jobs WHERE seq = ? AND id IS NULL').get(Number(id))
    : connection.sql('SELECT * FROM jobs WHERE id = ?').get(id);
}

export async function getJob(connection: Connection, id: string): Promise<Job | null> {
  const row = await connection.whenUnlocked(() => findRow(connection, id));
  return row === undefined ? null : toJob(row);
}
