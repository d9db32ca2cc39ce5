/** Where jobs are ready, and since when: probes of the claim index, a few for each lane. */
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

/** SQLite's own: 3 µs, and no other connection notices. */
export async function changeMark(connection: Connection): Promise<number> {
  const [row] = await connection.rows('PRAGMA data_version');
  return Number(row?.['data_version']);
}
