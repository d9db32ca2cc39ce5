/** A person's wish that a job end: carried out at once where it waits, kept with it where it runs. */
import { QueueError } from '../../errors.js';
import { hastened } from '../../job/cancel.js';
import type { Cancel, PendingCancel } from '../../job/cancel.js';
import type { Job, ProcessingJob } from '../../job/job.js';
import { isAllowed } from '../../job/state.js';
import { cancelText, toJob } from '../rows/rows.js';
import type { Connection, Transaction } from './connection.js';
import { moveOne } from './counters.js';
import { changeJob } from './jobs.js';
import { CLOCK, NOW_MS } from './now.js';

/**
 * Fenced by the state it was read in, under the lock of the row: a claim comes before it or after it. Counts stay.
 * The job that a foreground run keeps for its retry is taken from it: its rerun finds no row.
 */
const CANCEL = `
  WITH ${CLOCK}
  UPDATE queuectl.jobs SET state = 'cancelled', session_id = NULL, updated_at = now, finished_at = now, reason = $1
  FROM clock WHERE seq = $2 AND state = $3
  RETURNING jobs.*`;

/** Fenced by the run: the next one of this job has nothing to do with it. */
const ASK = `
  UPDATE queuectl.jobs SET cancel = $1, updated_at = $2
  WHERE seq = $3 AND run = $4 AND state = 'processing'
  RETURNING *`;

export async function cancelJob(connection: Connection, id: string, cancel: Cancel): Promise<Job | null> {
  return changeJob(connection, id, 'cancel', (transaction, job) => cancelRow(transaction, job, cancel));
}

async function cancelRow(transaction: Transaction, job: Job, cancel: Cancel): Promise<Job> {
  if (job.state === 'processing') return askForEnd(transaction, job, cancel);
  const allowed = isAllowed('cancel', job.state, 'cancelled');
  const [row] = allowed ? await transaction.rows(CANCEL, cancel.reason, job.seq, job.state) : [];
  if (row === undefined) throw isOver(job);
  await moveOne(transaction, job.queue, job.state, 'cancelled');
  return toJob(row);
}

async function askForEnd(transaction: Transaction, job: ProcessingJob, cancel: Cancel): Promise<Job> {
  const [clock] = await transaction.rows(`SELECT ${NOW_MS} AS now`);
  const now = Number(clock?.['now']);
  const asked: PendingCancel = { ...cancel, atMs: now, graceMs: cancel.graceMs ?? job.graceMs };
  const kept = job.cancel === null ? asked : hastened(job.cancel, asked);
  if (kept === job.cancel) return job;
  const [row] = await transaction.rows(ASK, cancelText(kept), now, job.seq, job.run);
  if (row === undefined) throw new Error(`job ${job.id} changed under the lock of its row`);
  return toJob(row);
}

function isOver(job: Job): QueueError {
  return new QueueError(
    'conflict',
    `job ${job.id} is ${job.state} already`,
    `queuectl show ${job.id} says how it ended`,
  );
}
