/** The one write by which jobs leave `processing`: parts of a statement. */
import type { OutcomeKind } from '../../job/job.js';
import type { State } from '../../job/state.js';

/** What becomes of a run that the session owns and says nothing of. */
export interface Unreported {
  readonly state: State;
  readonly outcome: OutcomeKind;
  readonly reason: string;
}

/**
 * `owned`: what the session of `own` owns, as the statement found it. A session that is gone is not in `own`, and owns
 * nothing. One value, not a join, which could read what all sessions own. No row is locked for it: nobody but the session
 * itself and a rescue, which the lock of the session's row keeps apart, takes a job from it.
 */
export const OWNED_JOBS = `
  owned AS MATERIALIZED (
    SELECT j.seq, j.run, j.cancel FROM queuectl.jobs j
    WHERE j.session_id = (SELECT session_id FROM own) AND j.state = 'processing'
  )`;

/** What is reported, and what is owned and neither reported nor said to run: by the numbers of the jobs. */
const ends = ({ state, outcome, reason }: Unreported): string => `
    SELECT f.*, true AS is_reported FROM finished f WHERE EXISTS (SELECT 1 FROM own)
    UNION ALL
    SELECT o.seq, o.run, '${state}', NULL, NULL, NULL, 'cancelled', NULL, NULL, '${outcome}', NULL, NULL, '${reason}',
      NULL, NULL, NULL, NULL, 0, NULL, NULL, false
    FROM owned o
    WHERE (o.seq, o.run) NOT IN (SELECT seq, run FROM finished UNION ALL SELECT seq, run FROM running)
    ORDER BY seq`;

/**
 * `ended`: fenced by seq, run, session and state. The rows are locked as they are written, in the order of their numbers:
 * whoever holds several takes them in this order, so that two can never wait for each other. A cancel that came after the
 * run's end was decided on is heeded, and is over with it: only the row, under its lock, can tell. `keeps`: whether a failed
 * job stays with its session. A job that was claimed ahead started later than that. No index answers IS NOT DISTINCT FROM, so
 * that each row is found by its number: with `=` the planner read all that the session owns once for each end.
 *
 * `recorded`: the history of each run, in the same transaction.
 */
export const recorded = (unreported: Unreported, keeps: string): string => `
  ended AS (
    UPDATE queuectl.jobs j SET state = CASE WHEN j.cancel IS NULL THEN e.state ELSE e.heeded_state END,
      attempts = coalesce(CASE WHEN j.cancel IS NULL THEN e.attempts ELSE e.heeded_attempts END, j.attempts),
      crashes = coalesce(CASE WHEN j.cancel IS NULL THEN e.crashes ELSE e.heeded_crashes END, j.crashes),
      run_at = CASE WHEN j.cancel IS NULL AND e.delay_ms > 0 THEN now + e.delay_ms ELSE j.run_at END,
      session_id = CASE WHEN ${keeps} AND j.cancel IS NULL AND e.state = 'failed' THEN $1::bigint END,
      started_at = greatest(j.started_at, now - e.started_ms_ago), exit_code = e.exit_code, signal = e.signal,
      reason = CASE WHEN j.cancel IS NOT NULL AND e.heeded_state = 'cancelled' THEN j.cancel::json ->> 'reason' ELSE e.reason END,
      updated_at = now, finished_at = now, cancel = NULL
    FROM (${ends(unreported)}) e, clock
    WHERE j.seq = e.seq AND j.run = e.run AND j.session_id IS NOT DISTINCT FROM $1::bigint AND j.state = 'processing'
    RETURNING j.seq, j.run, j.queue, j.state, j.started_at, now, e.outcome, e.exit_code, e.signal, e.reason, e.user_ms,
      e.system_ms, e.max_rss_kb, e.output_bytes, e.output, e.result, e.is_reported
  ),
  recorded AS (
    INSERT INTO queuectl.runs (seq, run, session_id, started_at, finished_at, outcome, exit_code, signal, reason, user_ms,
      system_ms, max_rss_kb, output_bytes, output, result)
    SELECT seq, run, $1::bigint, started_at, now, outcome, exit_code, signal, reason, user_ms, system_ms, max_rss_kb,
      output_bytes, output, result
    FROM ended
  )`;

/** What the ends change in the counters: of each queue and state at once, so that hundreds of rows are gone through once. */
export const ENDS_COUNTED = `
  SELECT moved.queue, change.state, change.n FROM (SELECT queue, state, count(*) AS n FROM ended GROUP BY queue, state) moved
  CROSS JOIN LATERAL (VALUES ('processing', -moved.n), (moved.state, moved.n)) AS change (state, n)`;
