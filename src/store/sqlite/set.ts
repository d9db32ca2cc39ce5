/** Other settings for a job at rest. */
import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import { withSettings } from '../../job/settings.js';
import type { JobSettings } from '../../job/settings.js';
import { isFinal } from '../../job/state.js';
import type { State } from '../../job/state.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';
import { NEW_JOB_COLUMNS, newJobValues, toJob } from '../rows/rows.js';
import { deleteTags, insertTags } from './tags.js';

/** Fenced as all changes are: by the state it was read in, under the write lock. */
const SET = `
  UPDATE jobs SET (${NEW_JOB_COLUMNS}) = (${NEW_JOB_COLUMNS.replaceAll(/\w+/g, '?')}),
    state = ?, run_at = ?, updated_at = ?
  WHERE seq = ? AND state = ? AND session_id IS NULL
  RETURNING *`;

export function setRow({ connection, counters, now }: Changing, job: Job, settings: JobSettings): Job {
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
  const row = connection
    .sql(SET)
    .get(...newJobValues({ ...changed, id }), state, runAtMs, now, job.seq, job.state);
  if (row === undefined) throw keptByRun(job);
  if ('tags' in settings) {
    deleteTags(connection, job.seq);
    insertTags(
      connection,
      changed.tags.map((tag) => [tag, job.seq]),
    );
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
