/** The job of a foreground run: from its first moment to its last retry in the hands of one session. */
import type { NewJob, ProcessingJob } from '../../job/job.js';
import type { Session } from '../store.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import { duplicateId } from './jobs.js';
import { NEW_JOB_COLUMNS, newJobValues, toProcessingJob } from '../rows/rows.js';
import { insertTags } from './tags.js';

/** Never pending for a moment, so that no worker can take it. */
const INSERT_RUNNING = `
  INSERT INTO jobs (${NEW_JOB_COLUMNS}, state, run_at, created_at, updated_at, run, session_id, started_at)
  VALUES (${NEW_JOB_COLUMNS.replaceAll(/\w+/g, '?')}, 'processing', ?, ?, ?, 1, ?, ?)
  ON CONFLICT DO NOTHING
  RETURNING *`;

export async function insertRunning(
  connection: Connection,
  session: Session,
  job: NewJob,
): Promise<ProcessingJob> {
  return connection.write(() => {
    const now = Date.now();
    const row = connection.sql(INSERT_RUNNING).get(...newJobValues(job), now, now, now, session.id, now);
    if (row === undefined) throw duplicateId(job.id ?? '');
    const counters = new CounterChanges();
    counters.add(job.queue, 'processing', 1);
    counters.write(connection);
    const running = toProcessingJob(row);
    insertTags(
      connection,
      job.tags.map((tag) => [tag, running.seq]),
    );
    return running;
  });
}

/** Fenced by the session that kept the failed job for itself. No row: it is no longer its own. */
const RERUN = `
  UPDATE jobs SET state = 'processing', run = run + 1, started_at = ?, updated_at = ?
  WHERE seq = ? AND session_id = ? AND state = 'failed'
    AND EXISTS (SELECT 1 FROM workers WHERE session_id = jobs.session_id AND lock_name = ?)
  RETURNING *`;

export async function rerun(
  connection: Connection,
  session: Session,
  seq: number,
): Promise<ProcessingJob | null> {
  return connection.write(() => {
    const now = Date.now();
    const row = connection.sql(RERUN).get(now, now, seq, session.id, session.token);
    if (row === undefined) return null;
    const counters = new CounterChanges();
    counters.move(String(row['queue']), 'failed', 'processing');
    counters.write(connection);
    return toProcessingJob(row);
  });
}
