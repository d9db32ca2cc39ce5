/** What other settings make of a job at rest. Pure. */
import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import { withSettings } from '../../job/settings.js';
import type { JobSettings } from '../../job/settings.js';
import { isFinal } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Row } from './row.js';
import { NEW_JOB_COLUMNS, newJobValues } from './rows.js';

/** The columns that other settings write. */
export const SETTINGS_COLUMNS = [...NEW_JOB_COLUMNS.split(', '), 'state', 'run_at', 'updated_at'];

/** Throws `usage` where they do not go together with what the job has, `conflict` where it has no time to start. */
export function withNewSettings(
  job: Job,
  row: Row,
  settings: JobSettings,
  nowMs: number,
): { row: Row; tags: readonly string[] | null } {
  const changed = withSettings(job, settings);
  const { start } = changed;
  if (start !== null && isFinal(job.state))
    throw new QueueError(
      'conflict',
      `job ${job.id} is ${job.state}: it has no time to start`,
      `queuectl retry ${job.id} --delay 10m`,
    );
  const runAtMs = start === null ? job.runAtMs : 'atMs' in start ? start.atMs : nowMs + start.delayMs;
  const state = start === null ? job.state : stateAt(job.state, runAtMs > nowMs);
  const id = job.id === String(job.seq) ? null : job.id;
  const values = [...newJobValues({ ...changed, id }), state, Math.round(runAtMs), nowMs];
  const written = Object.fromEntries(SETTINGS_COLUMNS.map((name, index) => [name, values[index] ?? null]));
  return { row: { ...row, ...written }, tags: 'tags' in settings ? changed.tags : null };
}

/** One that waits for its retry, or is put aside, still does, until the new time. */
function stateAt(state: State, isAhead: boolean): State {
  if (state !== 'scheduled' && state !== 'pending') return state;
  return isAhead ? 'scheduled' : 'pending';
}
