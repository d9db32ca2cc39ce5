/** A person's wish that a job end: carried out at once where it waits, kept with it where it runs. */
import { hastened } from '../../job/cancel.js';
import type { Cancel, PendingCancel } from '../../job/cancel.js';
import type { Job, ProcessingJob } from '../../job/job.js';
import type { CancelledRun, Session } from '../store.js';
import type { Changing } from './changing.js';
import type { Connection } from './connection.js';
import type { Row } from './driver.js';
import { cancelText, toJob, toPendingCancel } from '../rows/rows.js';

/**
 * Fenced by the state it was read in, under the write lock: a claim comes before it or after it. Counts stay.
 * The job that a foreground run keeps for its retry is taken from it: its rerun finds no row.
 */
const CANCEL = `
  UPDATE jobs SET state = 'cancelled', session_id = NULL, updated_at = ?, finished_at = ?, reason = ?
  WHERE seq = ? AND state = ?
  RETURNING *`;

/** Fenced by the run: the next one of this job has nothing to do with it. */
const ASK = `
  UPDATE jobs SET cancel = ?, updated_at = ?
  WHERE seq = ? AND run = ? AND state = 'processing'
  RETURNING *`;

export function cancelRow(changing: Changing, job: Job, cancel: Cancel): Job {
  if (job.state === 'processing') return askForEnd(changing, job, cancel);
  const { connection, counters, now } = changing;
  const row = connection.sql(CANCEL).get(now, now, cancel.reason, job.seq, job.state);
  if (row === undefined) throw new Error(`job ${job.id} changed under the write lock`);
  counters.move(job.queue, job.state, 'cancelled');
  return toJob(row);
}

function askForEnd({ connection, now }: Changing, job: ProcessingJob, cancel: Cancel): Job {
  const asked: PendingCancel = { ...cancel, atMs: now, graceMs: cancel.graceMs ?? job.graceMs };
  const kept = job.cancel === null ? asked : hastened(job.cancel, asked);
  if (kept === job.cancel) return job;
  const row = connection.sql(ASK).get(cancelText(kept), now, job.seq, job.run);
  if (row === undefined) throw new Error(`job ${job.id} changed under the write lock`);
  return toJob(row);
}

/** What a session runs and a person wants to end: the few rows that the session owns are looked at, no others. */
export const CANCELS = `
  SELECT seq, run, cancel FROM jobs
  WHERE session_id = ? AND state = 'processing' AND cancel IS NOT NULL`;

/** Inside of a transaction. */
export function cancelsOf(connection: Connection, session: Session): CancelledRun[] {
  return connection.sql(CANCELS).all(session.id).flatMap(toCancelledRuns);
}

/** None where nobody has asked. */
function toCancelledRuns(row: Row): CancelledRun[] {
  const cancel = toPendingCancel(row['cancel']);
  return cancel === null ? [] : [{ seq: Number(row['seq']), run: Number(row['run']), cancel }];
}
