/** What waits for its time: made pending once that has come, and when the next one is due. */
import { NOW_MS } from './now.js';

/** So that a million jobs that fall due at once do not hold up an exchange. */
const PROMOTE_AT_MOST = 1000;

/** Waits for its time, and for no foreground run that keeps it. */
const waits = (state: 'scheduled' | 'failed'): string =>
  `FROM queuectl.jobs WHERE state = '${state}' AND session_id IS NULL`;

/** What nobody else is promoting, oldest first. */
const dueIn = (state: 'scheduled' | 'failed'): string => `
    SELECT seq, queue, handler, state, priority, run_at ${waits(state)} AND run_at <= (SELECT now FROM clock)
      AND EXISTS (SELECT 1 FROM own)
    ORDER BY run_at, seq LIMIT ${PROMOTE_AT_MOST} FOR NO KEY UPDATE SKIP LOCKED`;

/** `due`: some of it is claimed at once, by `picked`; the rest is made pending. */
export const DUE = `
  due_scheduled AS MATERIALIZED (${dueIn('scheduled')}),
  due_failed AS MATERIALIZED (${dueIn('failed')}),
  due AS MATERIALIZED (
    SELECT * FROM due_scheduled UNION ALL SELECT * FROM due_failed ORDER BY run_at, seq LIMIT ${PROMOTE_AT_MOST}
  )`;

export const PROMOTED = `
  promoted AS (
    UPDATE queuectl.jobs j SET state = 'pending', updated_at = now
    FROM due d, clock WHERE j.seq = d.seq AND NOT EXISTS (SELECT 1 FROM picked p WHERE p.seq = d.seq)
    RETURNING j.seq, j.queue
  )`;

export const PROMOTIONS_COUNTED = `
  SELECT queue, state, -1 FROM due UNION ALL SELECT queue, 'pending', 1 FROM promoted`;

/** In how many ms the next job falls due, 0 where one is due already; null: none waits. */
export const NEXT_DUE_MS = `
  (SELECT CASE WHEN min(due) IS NOT NULL THEN greatest(0, min(due) - ${NOW_MS}) END FROM (
    (SELECT run_at AS due ${waits('scheduled')} ORDER BY run_at LIMIT 1)
    UNION ALL
    (SELECT run_at ${waits('failed')} ORDER BY run_at LIMIT 1)
  ) next)`;
