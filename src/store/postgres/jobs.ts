/** Jobs at rest: look up, and a person's retry. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import type { Job } from '../../job/job.js';
import { isAllowed } from '../../job/state.js';
import type { State } from '../../job/state.js';
import { toJob } from '../rows/rows.js';
import type { Row } from '../rows/row.js';
import type { Connection, Transaction } from './connection.js';
import { moveOne } from './counters.js';
import { CLOCK } from './now.js';

export function duplicateId(id: string): QueueError {
  return new QueueError(
    'conflict',
    `job ${JSON.stringify(id)} exists already`,
    'choose another id; to leave it alone: enqueue with --on-conflict ignore',
  );
}

const SEQUENCE_NUMBER = /^[1-9]\d{0,14}$/;

/** A number is a sequence number, and only of a job without a name of its own; anything else is a name. */
async function findRow(
  reader: Pick<Transaction, 'rows'>,
  id: string,
  lock: '' | 'FOR NO KEY UPDATE' = '',
): Promise<Row | undefined> {
  // The server can keep no NUL, so no job has one in its name.
  if (id.includes('\0')) return undefined;
  const [row] = SEQUENCE_NUMBER.test(id)
    ? await reader.rows(`SELECT * FROM queuectl.jobs WHERE seq = $1 AND id IS NULL ${lock}`, Number(id))
    : await reader.rows(`SELECT * FROM queuectl.jobs WHERE id = $1 ${lock}`, id);
  return row;
}

export async function getJob(connection: Connection, id: string): Promise<Job | null> {
  const row = await findRow(connection, id);
  return row === undefined ? null : toJob(row);
}

/** What a person does to one job, as one transaction that holds its row. Null: there is no such job. */
export async function changeJob(
  connection: Connection,
  id: string,
  what: 'retry' | 'cancel',
  change: (transaction: Transaction, job: Job) => Promise<Job>,
): Promise<Job | null> {
  const changed = await connection.write(async (transaction) => {
    const row = await findRow(transaction, id, 'FOR NO KEY UPDATE');
    const job = row === undefined ? null : await change(transaction, toJob(row));
    failpoint(`${what}.before_commit`);
    return job;
  });
  failpoint(`${what}.after_commit`);
  return changed;
}

/** Fenced by the state it was read in, under the lock of its row: a worker may have claimed a failed job that fell due. */
const RETRY = `
  WITH ${CLOCK}
  UPDATE queuectl.jobs SET state = 'pending', attempts = $1, crashes = $2, run_at = now, updated_at = now
  FROM clock WHERE seq = $3 AND state = $4 AND session_id IS NULL
  RETURNING jobs.*`;

export async function retryJob(
  connection: Connection,
  id: string,
  from: readonly State[],
): Promise<Job | null> {
  return changeJob(connection, id, 'retry', (transaction, job) => retryRow(transaction, job, from));
}

async function retryRow(transaction: Transaction, job: Job, from: readonly State[]): Promise<Job> {
  const [attempts, crashes] = job.state === 'failed' ? [job.attempts, job.crashes] : [0, 0];
  const allowed = from.includes(job.state) && isAllowed('retry', job.state, 'pending');
  const [row] = allowed ? await transaction.rows(RETRY, attempts, crashes, job.seq, job.state) : [];
  if (row === undefined) throw wrongState(job, from);
  await moveOne(transaction, job.queue, job.state, 'pending');
  return toJob(row);
}

function wrongState(job: Job, from: readonly State[]): QueueError {
  if (from.includes(job.state)) {
    return new QueueError(
      'conflict',
      `job ${job.id} waits for its retry by "queuectl run"`,
      'end that first',
    );
  }
  return new QueueError(
    'conflict',
    `job ${job.id} is ${job.state}, not ${from.join(' or ')}`,
    `queuectl show ${job.id}`,
  );
}
