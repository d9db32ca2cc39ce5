/** What a session gets: the ready jobs of its queues, in the order of the claim index. */
import type { ProcessingJob } from '../../job/job.js';
import type { Session } from '../store.js';
import type { Connection } from './connection.js';
import type { CounterChanges } from './counters.js';
import { NOT_PAUSED } from './queues.js';
import { toProcessingJob } from './rows.js';

/**
 * The queues that have ready jobs and are not paused: one probe of the claim index for each queue with ready
 * jobs, none for the others.
 */
export const READY_QUEUES = `
  WITH RECURSIVE ready (queue) AS (
    SELECT min(queue) FROM jobs WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT min(queue) FROM jobs WHERE state = 'pending' AND queue > ready.queue) FROM ready WHERE queue IS NOT NULL
  )
  SELECT queue FROM ready
  WHERE queue IS NOT NULL AND ${NOT_PAUSED}`;

/** One queue's next jobs, straight from the claim index: no sort, at most `free` rows. */
export const NEXT_OF_QUEUE = `
  SELECT seq, priority, run_at FROM jobs WHERE queue = ? AND state = 'pending'
  ORDER BY priority DESC, run_at, seq LIMIT ?`;

/** RETURNING promises no order, so the rows are taken one by one in the order of the claim. */
const CLAIM = `
  UPDATE jobs SET state = 'processing', run = run + 1, session_id = ?, started_at = ?, updated_at = ?
  WHERE seq = ? AND state = 'pending'
  RETURNING *`;

export function claimJobs(
  connection: Connection,
  session: Session,
  free: number,
  now: number,
  counters: CounterChanges,
): ProcessingJob[] {
  const next = readyQueues(connection, session)
    .flatMap((queue) => connection.sql(NEXT_OF_QUEUE).all(queue, free) as unknown as NextRow[])
    .toSorted((a, b) => b.priority - a.priority || a.run_at - b.run_at || a.seq - b.seq)
    .slice(0, free);
  return next.flatMap(({ seq }) => {
    const row = connection.sql(CLAIM).get(session.id, now, now, seq);
    if (row === undefined) return [];
    counters.move(String(row['queue']), 'pending', 'processing');
    return [toProcessingJob(row)];
  });
}

interface NextRow {
  readonly seq: number;
  readonly priority: number;
  readonly run_at: number;
}

/** Inside of a transaction. */
export function readyQueues(connection: Connection, session: Session): string[] {
  const ready = connection
    .sql(READY_QUEUES)
    .all()
    .map((row) => String(row['queue']));
  return session.queues === null ? ready : ready.filter((queue) => session.queues?.includes(queue));
}
