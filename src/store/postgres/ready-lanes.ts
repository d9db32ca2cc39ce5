/** Where jobs are ready, and since when: probes of the claim index, a few for each lane. */
import type { Job } from '../../job/job.js';
import type { ReadyLane } from '../overview.js';
import { EVERY_LANE } from './claim-jobs.js';
import type { Connection } from './connection.js';

const MOST_LANES = 1000;
const MOST_PRIORITIES = 100;

/** The first of each priority, which is its oldest. */
const OLDEST = `
  WITH RECURSIVE oldest AS (
    (SELECT j.priority, j.run_at, 1 AS n FROM queuectl.jobs j
      WHERE j.queue = l.queue AND j.handler = l.handler AND j.state = 'pending'
      ORDER BY j.priority DESC, j.run_at LIMIT 1)
    UNION ALL
    SELECT next.priority, next.run_at, o.n + 1 FROM oldest o CROSS JOIN LATERAL (
      SELECT j.priority, j.run_at FROM queuectl.jobs j
      WHERE j.queue = l.queue AND j.handler = l.handler AND j.state = 'pending' AND j.priority < o.priority
      ORDER BY j.priority DESC, j.run_at LIMIT 1
    ) next WHERE o.n < ${MOST_PRIORITIES}
  )
  SELECT min(run_at) FROM oldest`;

const READY_LANES = `
  WITH RECURSIVE ${EVERY_LANE}
  SELECT l.queue, l.handler, (${OLDEST}) AS oldest_at FROM (SELECT * FROM every_lane LIMIT ${MOST_LANES}) l
  ORDER BY l.queue, l.handler`;

export async function readyLanes(connection: Connection): Promise<ReadyLane[]> {
  return (await connection.rows(READY_LANES)).map((row) => ({
    queue: String(row['queue']),
    handler: String(row['handler']),
    oldestAtMs: Number(row['oldest_at'] ?? Infinity),
  }));
}

/** Three ranges of the claim index: what is urgent, what is older, and what came first. */
const AHEAD = `
  SELECT count(*) AS n FROM (
    SELECT 1 FROM queuectl.jobs WHERE state = 'pending' AND queue = $1 AND handler = $2
      AND (priority > $3 OR (priority = $3 AND run_at < $4) OR (priority = $3 AND run_at = $4 AND seq < $5))
    LIMIT $6
  ) ahead`;

export async function countAhead(connection: Connection, job: Job, most: number): Promise<number> {
  const { queue, handler, priority, runAtMs, seq } = job;
  const [row] = await connection.rows(AHEAD, queue, handler ?? '', priority, runAtMs, seq, most);
  return Number(row?.['n']);
}

/** Of the transactions that are over and those under way: another one after each commit, now and then without one. */
export async function changeMark(connection: Connection): Promise<number> {
  const [row] = await connection.rows('SELECT hashtext(pg_current_snapshot()::text) AS mark');
  return Number(row?.['mark']);
}
