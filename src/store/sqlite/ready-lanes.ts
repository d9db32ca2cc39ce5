/** Where jobs are ready, and since when: probes of the claim index, a few for each lane. */
import type { Job } from '../../job/job.js';
import type { ReadyLane } from '../overview.js';
import { NEXT_OF_QUEUE, NEXT_QUEUE } from './claim-jobs.js';
import type { Connection } from './connection.js';
import type { Row } from './driver.js';

const MOST_LANES = 1000;
const MOST_PRIORITIES = 100;
const HIGHER_THAN_ANY = Number.MAX_SAFE_INTEGER;

/** The first of the next priority, which is its oldest. No row: there is no lower one. */
const OLDEST_OF_PRIORITY = `
  SELECT priority, run_at FROM jobs
  WHERE queue = ? AND handler = ? AND priority < ? AND state = 'pending'
  ORDER BY priority DESC, run_at LIMIT 1`;

export async function readyLanes(connection: Connection): Promise<ReadyLane[]> {
  return connection.read(() => {
    const lanes: ReadyLane[] = [];
    let row = connection.sql(NEXT_QUEUE).get('');
    while (row !== undefined && lanes.length < MOST_LANES) {
      const [queue, handler] = [String(row['queue']), String(row['handler'])];
      lanes.push({ queue, handler, oldestAtMs: oldest(connection, queue, handler) });
      row = connection.sql(NEXT_OF_QUEUE).get(queue, handler) ?? connection.sql(NEXT_QUEUE).get(queue);
    }
    return lanes;
  });
}

function oldest(connection: Connection, queue: string, handler: string): number {
  let oldestAtMs = Infinity;
  let priority = HIGHER_THAN_ANY;
  for (let n = 0; n < MOST_PRIORITIES; n += 1) {
    const row: Row | undefined = connection.sql(OLDEST_OF_PRIORITY).get(queue, handler, priority);
    if (row === undefined) break;
    priority = Number(row['priority']);
    oldestAtMs = Math.min(oldestAtMs, Number(row['run_at']));
  }
  return oldestAtMs;
}

/** A range of the claim index, up to so many of its rows. */
const ahead = (range: string): string => `
  SELECT count(*) AS n FROM (
    SELECT 1 FROM jobs WHERE state = 'pending' AND queue = ? AND handler = ? AND ${range} LIMIT ?)`;
const MORE_URGENT = ahead('priority > ?');
const OLDER = ahead('priority = ? AND run_at < ?');
const STORED_BEFORE = ahead('priority = ? AND run_at = ? AND seq < ?');

export async function countAhead(connection: Connection, job: Job, most: number): Promise<number> {
  const { priority, runAtMs, seq } = job;
  const lane = [job.queue, job.handler ?? ''];
  return connection.read(() => {
    const count = (text: string, ...values: readonly number[]): number =>
      Number(connection.sql(text).get(...lane, ...values, most)?.['n']);
    const all =
      count(MORE_URGENT, priority) +
      count(OLDER, priority, runAtMs) +
      count(STORED_BEFORE, priority, runAtMs, seq);
    return Math.min(most, all);
  });
}

/** SQLite's own: 3 µs, and no other connection notices. */
export async function changeMark(connection: Connection): Promise<number> {
  const [row] = await connection.rows('PRAGMA data_version');
  return Number(row?.['data_version']);
}
