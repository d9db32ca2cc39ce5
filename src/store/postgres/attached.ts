/** The job of a foreground run: from its first moment to its last retry in the hands of one session. */
import type { NewJob, ProcessingJob } from '../../job/job.js';
import { NEW_JOB_COLUMNS, newJobValues, toProcessingJob } from '../rows/rows.js';
import type { Session } from '../store.js';
import { textArray } from './arrays.js';
import type { Connection } from './connection.js';
import { addToCounters, STRIPES } from './counters.js';
import { duplicateId } from './jobs.js';
import { CLOCK } from './now.js';

/** Never pending for a moment, so that no worker can take it. No row: its id is stored already. */
const INSERT_RUNNING = `
  WITH ${CLOCK},
  inserted AS (
    INSERT INTO queuectl.jobs (${NEW_JOB_COLUMNS}, state, run_at, created_at, updated_at, run, session_id, started_at)
    SELECT $1::text, $2::text, $3::integer, $4::integer, $5::text, $6::text, $7::text, $8::text, $9::text,
      'processing', now, now, now, 1, $10::bigint, now FROM clock
    ON CONFLICT (id) WHERE id IS NOT NULL DO NOTHING
    RETURNING *
  ),
  counted AS (${addToCounters('SELECT queue, state, 1 AS n FROM inserted', '$11::integer')}),
  tagged AS (INSERT INTO queuectl.tags (tag, seq) SELECT t.tag, i.seq FROM inserted i, unnest($12::text[]) AS t (tag))
  SELECT * FROM inserted`;

export async function insertRunning(
  connection: Connection,
  session: Session,
  job: NewJob,
): Promise<ProcessingJob> {
  const values = [...newJobValues(job), session.id, session.id % STRIPES, textArray(job.tags)];
  const [row] = await connection.change(INSERT_RUNNING, ...values);
  if (row === undefined) throw duplicateId(job.id ?? '');
  return toProcessingJob(row);
}

/** Fenced by the session that kept the failed job for itself. No row: it is no longer its own. */
const RERUN = `
  WITH ${CLOCK},
  begun AS (
    UPDATE queuectl.jobs SET state = 'processing', run = run + 1, started_at = now, updated_at = now
    FROM clock WHERE seq = $1 AND session_id = $2 AND state = 'failed'
      AND EXISTS (SELECT 1 FROM queuectl.workers WHERE session_id = $2 AND lock_name = $4)
    RETURNING jobs.*
  ),
  counted AS (${addToCounters(
    `SELECT queue, 'failed' AS state, -1 AS n FROM begun UNION ALL SELECT queue, 'processing', 1 FROM begun`,
    '$3::integer',
  )})
  SELECT * FROM begun`;

export async function rerun(
  connection: Connection,
  session: Session,
  seq: number,
): Promise<ProcessingJob | null> {
  const [row] = await connection.change(RERUN, seq, session.id, session.id % STRIPES, session.token);
  return row === undefined ? null : toProcessingJob(row);
}
