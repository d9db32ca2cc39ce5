/** What waits for its time: made pending once that has come, and when the next one is due. */
import type { Connection } from './connection.js';
import type { CounterChanges } from './counters.js';

/** So that a million jobs that fall due at once do not hold the write lock for long. */
const PROMOTE_AT_MOST = 1000;

/** Waits for its time, and for no foreground run that keeps it. */
const waits = (state: 'scheduled' | 'failed'): string =>
  `FROM jobs WHERE state = '${state}' AND session_id IS NULL`;

/** What is due, oldest first. No row: nothing is due. Under the write lock, so nobody else promotes it too. */
export const DUE = `
  SELECT seq, queue, state, run_at ${waits('scheduled')} AND run_at <= ?1
  UNION ALL
  SELECT seq, queue, state, run_at ${waits('failed')} AND run_at <= ?1
  ORDER BY run_at LIMIT ${PROMOTE_AT_MOST}`;

export function promoteDue(connection: Connection, now: number, counters: CounterChanges): void {
  const promote = connection.sql(`UPDATE jobs SET state = 'pending', updated_at = ? WHERE seq = ?`);
  for (const row of connection.sql(DUE).all(now)) {
    promote.run(now, Number(row['seq']));
    counters.move(String(row['queue']), row['state'] as 'scheduled' | 'failed', 'pending');
  }
}

export const NEXT_DUE = `
  SELECT min(due) AS due FROM
    (SELECT min(run_at) AS due ${waits('scheduled')} UNION ALL SELECT min(run_at) ${waits('failed')})`;

/** In how many ms the next job falls due, 0 where one is due already; null: none waits. Inside of a transaction. */
export function nextDueMs(connection: Connection): number | null {
  const due = connection.sql(NEXT_DUE).get()?.['due'];
  return typeof due === 'number' ? Math.max(0, due - Date.now()) : null;
}
