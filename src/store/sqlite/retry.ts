import type { Job } from '../../job/job.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';
import { toJob } from '../rows/rows.js';

/** Fenced by the state it was read in, under the write lock: a worker may have claimed a failed job that fell due. */
const retryInto = (state: 'pending' | 'scheduled'): string => `
  UPDATE jobs SET state = '${state}', attempts = ?, crashes = ?, run_at = ?, updated_at = ?
  WHERE seq = ? AND state = ? AND session_id IS NULL
  RETURNING *`;

/** With all its attempts; a failed one keeps what it has. */
export function retryRow({ connection, counters, now }: Changing, job: Job, delayMs: number): Job {
  const kept = job.state === 'failed' ? [job.attempts, job.crashes] : [0, 0];
  const state = delayMs > 0 ? 'scheduled' : 'pending';
  const row = connection.sql(retryInto(state)).get(...kept, now + delayMs, now, job.seq, job.state);
  if (row === undefined) throw keptByRun(job);
  counters.move(job.queue, job.state, state);
  return toJob(row);
}
