/** A person puts jobs aside, and lets them go. */
import type { Job } from '../../job/job.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';
import { toJob } from '../rows/rows.js';

const moveTo = (state: 'held' | 'pending' | 'scheduled'): string => `
  UPDATE jobs SET state = '${state}', updated_at = ?
  WHERE seq = ? AND state = ? AND session_id IS NULL
  RETURNING *`;

export function holdRow(changing: Changing, job: Job): Job {
  return move(changing, job, 'held');
}

/** By its time: one whose time has come is ready. */
export function releaseRow(changing: Changing, job: Job): Job {
  return move(changing, job, job.runAtMs > changing.now ? 'scheduled' : 'pending');
}

function move(
  { connection, counters, now }: Changing,
  job: Job,
  state: 'held' | 'pending' | 'scheduled',
): Job {
  const row = connection.sql(moveTo(state)).get(now, job.seq, job.state);
  if (row === undefined) throw keptByRun(job);
  counters.move(job.queue, job.state, state);
  return toJob(row);
}
