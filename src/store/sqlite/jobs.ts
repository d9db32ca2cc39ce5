/** Jobs at rest: look up, and a person's retry. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import type { Job } from '../../job/job.js';
import { isAllowed } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import { toJob } from '../rows/rows.js';
import type { Row } from './driver.js';

export function duplicateId(id: string): QueueError {
  return new QueueError(
    'conflict',
    `job ${JSON.stringify(id)} exists already`,
    'choose another id; to leave it alone: enqueue with --on-conflict ignore',
  );
}

const SEQUENCE_NUMBER = /^[1-9]\d{0,14}$/;

/** A number is a sequence number, and only of a job without a name of its own; anything else is a name. */
function findRow(connection: Connection, id: string): Row | undefined {
  return SEQUENCE_NUMBER.test(id)
    ? connection.sql('SELECT * FROM jobs WHERE seq = ? AND id IS NULL').get(Number(id))
    : connection.sql('SELECT * FROM jobs WHERE id = ?').get(id);
}

export async function getJob(connection: Connection, id: string): Promise<Job | null> {
  const row = await connection.whenUnlocked(() => findRow(connection, id));
  return row === undefined ? null : toJob(row);
}

/** What a person does to one job, as one transaction. Null: there is no such job. */
export async function changeJob(
  connection: Connection,
  id: string,
  what: 'retry' | 'cancel',
  change: (job: Job) => Job,
): Promise<Job | null> {
  const changed = await connection.write(() => {
    const row = findRow(connection, id);
    const job = row === undefined ? null : change(toJob(row));
    failpoint(`${what}.before_commit`);
    return job;
  });
  failpoint(`${what}.after_commit`);
  return changed;
}

/** Fenced by the state it was read in, under the write lock: a worker may have claimed a failed job that fell due. */
const RETRY = `
  UPDATE jobs SET state = 'pending', attempts = ?, crashes = ?, run_at = ?, updated_at = ?
  WHERE seq = ? AND state = ? AND session_id IS NULL
  RETURNING *`;

export async function retryJob(
  connection: Connection,
  id: string,
  from: readonly State[],
): Promise<Job | null> {
  return changeJob(connection, id, 'retry', (job) => retryRow(connection, job, from));
}

function retryRow(connection: Connection, job: Job, from: readonly State[]): Job {
  const now = Date.now();
  const kept = job.state === 'failed' ? [job.attempts, job.crashes] : [0, 0];
  const allowed = from.includes(job.state) && isAllowed('retry', job.state, 'pending');
  const row = allowed ? connection.sql(RETRY).get(...kept, now, now, job.seq, job.state) : undefined;
  if (row === undefined) throw wrongState(job, from);
  const counters = new CounterChanges();
  counters.move(job.queue, job.state, 'pending');
  counters.write(connection);
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
