/** A person's wish that a job end: carried out at once where it waits, kept with it where it runs. */
import { hastened } from '../../job/cancel.js';
import type { Cancel, PendingCancel } from '../../job/cancel.js';
import type { Job, ProcessingJob } from '../../job/job.js';
import { cancelText, toJob } from '../rows/rows.js';
import type { Changing } from './changing.js';

/**
 * Fenced by the state it was read in, under the lock of the row: a claim comes before it or after it. Counts stay.
 * The job that a foreground run keeps for its retry is taken from it: its rerun finds no row.
 */
const CANCEL = `
  UPDATE queuectl.jobs SET state = 'cancelled', session_id = NULL, updated_at = $1, finished_at = $1, reason = $2
  WHERE seq = $3 AND state = $4
  RETURNING *`;

/** Fenced by the run: the next one of this job has nothing to do with it. */
const ASK = `
  UPDATE queuectl.jobs SET cancel = $1, updated_at = $2
  WHERE seq = $3 AND run = $4 AND state = 'processing'
  RETURNING *`;

export async function cancelRow(changing: Changing, job: Job, cancel: Cancel): Promise<Job> {
  if (job.state === 'processing') return askForEnd(changing, job, cancel);
  const { transaction, counters, now } = changing;
  const [row] = await transaction.rows(CANCEL, now, cancel.reason, job.seq, job.state);
  if (row === undefined) throw new Error(`job ${job.id} changed under the lock of its row`);
  counters.move(job.queue, job.state, 'cancelled');
  return toJob(row);
}

async function askForEnd({ transaction, now }: Changing, job: ProcessingJob, cancel: Cancel): Promise<Job> {
  const asked: PendingCancel = { ...cancel, atMs: now, graceMs: cancel.graceMs ?? job.graceMs };
  const kept = job.cancel === null ? asked : hastened(job.cancel, asked);
  if (kept === job.cancel) return job;
  const [row] = await transaction.rows(ASK, cancelText(kept), now, job.seq, job.run);
  if (row === undefined) throw new Error(`job ${job.id} changed under the lock of its row`);
  return toJob(row);
}
