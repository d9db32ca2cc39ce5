import type { Job } from '../../job/job.js';
import { toJob } from '../rows/rows.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';

/** Fenced by the state it was read in, under the lock of its row: a worker may have claimed a failed job that fell due. */
const retryInto = (state: 'pending' | 'scheduled'): string => `
  UPDATE queuectl.jobs SET state = '${state}', attempts = $1, crashes = $2, run_at = $3, updated_at = $4
  WHERE seq = $5 AND state = $6 AND session_id IS NULL
  RETURNING *`;

/** With all its attempts; a failed one keeps what it has. */
export async function retryRow(
  { transaction, counters, now }: Changing,
  job: Job,
  delayMs: number,
): Promise<Job> {
  const kept = job.state === 'failed' ? [job.attempts, job.crashes] : [0, 0];
  const state = delayMs > 0 ? 'scheduled' : 'pending';
  const values = [...kept, Math.round(now + delayMs), now, job.seq, job.state];
  const [row] = await transaction.rows(retryInto(state), ...values);
  if (row === undefined) throw keptByRun(job);
  counters.move(job.queue, job.state, state);
  return toJob(row);
}
