/** Other settings for a job at rest. */
import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import { withSettings } from '../../job/settings.js';
import type { JobSettings } from '../../job/settings.js';
import { isFinal } from '../../job/state.js';
import type { State } from '../../job/state.js';
import { NEW_JOB_COLUMNS, newJobValues, toJob } from '../rows/rows.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';
import { deleteTags, insertTags } from './tags.js';
import { numbered } from './where.js';

/** Fenced as all changes are: by the state it was read in, under the lock of its row. */
const SET = numbered(`
  UPDATE queuectl.jobs SET (${NEW_JOB_COLUMNS}) = (${NEW_JOB_COLUMNS.replaceAll(/\w+/g, '?')}),
    state = ?, run_at = ?, updated_at = ?
  WHERE seq = ? AND state = ? AND session_id IS NULL
  RETURNING *`);

export async function setRow(
  { transaction, counters, now }: Changing,
  job: Job,
  settings: JobSettings,
): Promise<Job> {
  const changed = withSettings(job, settings);
  const { start } = changed;
  if (start !== null && isFinal(job.state))
    throw new QueueError(
      'conflict',
      `job ${job.id} is ${job.state}: it has no time to start`,
      `queuectl retry ${job.id} --delay 10m`,
    );
  const runAtMs = start === null ? job.runAtMs : 'atMs' in start ? start.atMs : now + start.delayMs;
  const state = start === null ? job.state : stateAt(job.state, runAtMs > now);
  const id = job.id === String(job.seq) ? null : job.id;
  const values = [...newJobValues({ ...changed, id }), state, Math.round(runAtMs), now, job.seq, job.state];
  const [row] = await transaction.rows(SET, ...values);
  if (row === undefined) throw keptByRun(job);
  if ('tags' in settings) {
    await deleteTags(transaction, job.seq);
    await insertTags(transaction, changed.tags, job.seq);
  }
  counters.add(job.queue, job.state, -1);
  counters.add(changed.queue, state, 1);
  return toJob(row);
}

/** One that waits for its retry, or is put aside, still does, until the new time. */
function stateAt(state: State, isAhead: boolean): State {
  if (state !== 'scheduled' && state !== 'pending') return state;
  return isAhead ? 'scheduled' : 'pending';
}
