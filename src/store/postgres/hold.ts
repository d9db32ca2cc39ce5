/** A person puts jobs aside, and lets them go. */
import type { Job } from '../../job/job.js';
import { toJob } from '../rows/rows.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';

const moveTo = (state: 'held' | 'pending' | 'scheduled'): string => `
  UPDATE queuectl.jobs SET state = '${state}', updated_at = $1
  WHERE seq = $2 AND state = $3 AND session_id IS NULL
  RETURNING *`;

export async function holdRow(changing: Changing, job: Job): Promise<Job> {
  return move(changing, job, 'held');
}

/** By its time: one whose time has come is ready. */
export async function releaseRow(changing: Changing, job: Job): Promise<Job> {
  return move(changing, job, job.runAtMs > changing.now ? 'scheduled' : 'pending');
}

async function move(
  { transaction, counters, now }: Changing,
  job: Job,
  state: 'held' | 'pending' | 'scheduled',
): Promise<Job> {
  const [row] = await transaction.rows(moveTo(state), now, job.seq, job.state);
  if (row === undefined) throw keptByRun(job);
  counters.move(job.queue, job.state, state);
  return toJob(row);
}
