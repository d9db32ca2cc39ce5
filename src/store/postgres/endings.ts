/** The one write by which jobs leave `processing`: parts of a statement, in the order in which they take their locks. */
import type { OutcomeKind } from '../../job/job.js';
import type { State } from '../../job/state.js';

/** What becomes of a run that the session owns and says nothing of. */
export interface Unreported {
  readonly state: State;
  readonly outcome: OutcomeKind;
  readonly reason: string;
}

/**
 * `owned`: what the session $1 owns, held until the commit, in the order of their numbers: whoever holds several rows takes
 * them in this order, so that two can never wait for each other. What is reported is held against it.
 * `from`: where the session's id comes from, so that nothing is owned by a session that is gone.
 */
export const owned = (from: string): string => `
  owned AS MATERIALIZED (
    SELECT j.seq, j.run, j.queue, j.attempts, j.crashes, j.run_at, j.started_at, j.cancel
    FROM ${from} JOIN queuectl.jobs j ON j.session_id = own.session_id
    WHERE j.state = 'processing' ORDER BY j.seq FOR NO KEY UPDATE OF j
  )`;

/**
 * `ends`: what the owned runs come to, from `finished` and what is not in `running`. A cancel that came after the run's end
 * was decided on is heeded here, and is over with it. `keeps`: whether a failed job stays with its session.
 */
export const ends = ({ state, outcome, reason }: Unreported, keeps: string): string => `
  ends AS MATERIALIZED (
    SELECT o.seq, o.run, o.queue,
      CASE WHEN o.cancel IS NULL THEN f.state ELSE f.heeded_state END AS state,
      coalesce(CASE WHEN o.cancel IS NULL THEN f.attempts ELSE f.heeded_attempts END, o.attempts) AS attempts,
      coalesce(CASE WHEN o.cancel IS NULL THEN f.crashes ELSE f.heeded_crashes END, o.crashes) AS crashes,
      CASE WHEN o.cancel IS NULL AND f.delay_ms > 0 THEN now + f.delay_ms ELSE o.run_at END AS run_at,
      CASE WHEN ${keeps} AND o.cancel IS NULL AND f.state = 'failed' THEN $1::bigint END AS session_id,
      -- A job that was claimed ahead started later than that.
      greatest(o.started_at, now - f.started_ms_ago) AS started_at,
      f.exit_code, f.signal,
      CASE WHEN o.cancel IS NOT NULL AND f.heeded_state = 'cancelled' THEN o.cancel::json ->> 'reason' ELSE f.reason END AS reason,
      f.outcome, f.reason AS run_reason, f.user_ms, f.system_ms, f.max_rss_kb, f.output_bytes, f.output, f.result,
      true AS is_reported
    FROM owned o JOIN finished f ON f.seq = o.seq AND f.run = o.run CROSS JOIN clock
    UNION ALL
    SELECT o.seq, o.run, o.queue,
      CASE WHEN o.cancel IS NULL THEN '${state}' ELSE 'cancelled' END, o.attempts, o.crashes, o.run_at, NULL, o.started_at,
      NULL, NULL, coalesce(o.cancel::json ->> 'reason', '${reason}'),
      '${outcome}', '${reason}', NULL, NULL, NULL, 0, NULL, NULL, false
    FROM owned o
    WHERE (o.seq, o.run) NOT IN (SELECT seq, run FROM finished UNION ALL SELECT seq, run FROM running)
  )`;

/** Fenced by seq, run, session and state; the history of each run is appended in the same transaction. */
export const RECORDED = `
  ended AS (
    UPDATE queuectl.jobs j SET state = e.state, attempts = e.attempts, crashes = e.crashes, run_at = e.run_at,
      session_id = e.session_id, started_at = e.started_at, exit_code = e.exit_code, signal = e.signal, reason = e.reason,
      updated_at = now, finished_at = now, cancel = NULL
    FROM ends e, clock
    WHERE j.seq = e.seq AND j.run = e.run AND j.session_id = $1::bigint AND j.state = 'processing'
    RETURNING j.seq, j.run
  ),
  recorded AS (
    INSERT INTO queuectl.runs (seq, run, session_id, started_at, finished_at, outcome, exit_code, signal, reason, user_ms,
      system_ms, max_rss_kb, output_bytes, output, result)
    SELECT e.seq, e.run, $1::bigint, e.started_at, now, e.outcome, e.exit_code, e.signal, e.run_reason, e.user_ms, e.system_ms,
      e.max_rss_kb, e.output_bytes, e.output, e.result
    FROM ends e, clock
  )`;

/** What the ends change in the counters. */
export const ENDS_COUNTED = `
  SELECT queue, 'processing' AS state, -1 AS n FROM ends UNION ALL SELECT queue, state, 1 FROM ends`;
