/** The heart: what a session reports and what it gets, in one statement, which is one round trip and one commit. */
import { failpoint } from '../../failpoint.js';
import type { SqlValue } from '../rows/row.js';
import { toClaimedJob, toPendingCancel } from '../rows/rows.js';
import type { CancelledRun, Exchange, ExchangeRequest, Outlook, RunKey, Session } from '../store.js';
import { plainArray, textArray } from './arrays.js';
import { CLAIMED, claimedRows, CLAIMS_COUNTED, claims, HAS_READY, lanes } from './claim-jobs.js';
import type { Connection } from './connection.js';
import { addToCounters, STRIPES } from './counters.js';
import type { Doubts } from './doubts.js';
import { ENDS_COUNTED, OWNED_JOBS, recorded } from './endings.js';
import { FINISHED_COLUMNS, finishedColumns, finishedRows, keepsFailed, leavesWork } from './finish.js';
import { CLOCK } from './now.js';
import { DUE, NEXT_DUE_MS, PROMOTED, PROMOTIONS_COUNTED } from './promote.js';
import { HEEDS_PAUSES } from './queues.js';
import { inOrder, without, withoutTwins } from './run-keys.js';
import { toStop } from './session-rows.js';
import type { SessionRow } from './session-rows.js';

/** $1 is the session; the reported runs follow, then these. */
const [RUNNING_SEQS, RUNNING_RUNS, FREE, STRIPE, KEEPS, QUEUES, HANDLERS, TOKEN] = Array.from(
  { length: 8 },
  (_, index) => `$${2 + FINISHED_COLUMNS + index}`,
) as [string, string, string, string, string, string, string, string];

const CLAIM = { queues: QUEUES, handlers: HANDLERS, free: `${FREE}::integer` };

/**
 * In this order locks are taken: the session's row, so that nobody gives it up meanwhile (a beat and a stop may come); its
 * jobs by their numbers; what is due and ready, where nobody is waited for; and the counters by their names, at the end.
 * What each part changes the others do not see: no job is in two of them, since its state before decides.
 */
const EXCHANGE = `
  WITH RECURSIVE ${CLOCK}, ${HEEDS_PAUSES},
  own AS MATERIALIZED (
    SELECT session_id, stop_requested_at, stop_now FROM queuectl.workers
    WHERE session_id = $1::bigint AND lock_name = ${TOKEN}::text FOR KEY SHARE
  ),
  finished AS MATERIALIZED (${finishedRows(2)}),
  running AS MATERIALIZED (SELECT * FROM unnest(${RUNNING_SEQS}::bigint[], ${RUNNING_RUNS}::integer[]) AS r (seq, run)),
  ${OWNED_JOBS},
  ${recorded({ state: 'pending', outcome: 'given_back', reason: 'never started' }, `${KEEPS}::boolean`)},
  ${DUE}, ${lanes(CLAIM)}, ${claims(CLAIM)}, ${PROMOTED},
  counted AS (${addToCounters(
    `${ENDS_COUNTED} UNION ALL ${PROMOTIONS_COUNTED} UNION ALL ${CLAIMS_COUNTED}`,
    `${STRIPE}::integer`,
  )})
  SELECT (SELECT count(*) FROM ended) AS ends, -- first, so that nothing is claimed by who still waits for its own jobs
    (SELECT stop_requested_at FROM own) AS stop_requested_at, (SELECT stop_now FROM own) AS stop_now,
    (${CLAIMED}) AS claims, (SELECT now FROM clock) AS claimed_at,
    (SELECT json_agg(json_build_array(f.seq, f.run)) FROM finished f
      WHERE (f.seq, f.run) NOT IN (SELECT seq, run FROM ended)) AS refused,
    (SELECT json_agg(json_build_array(r.seq, r.run)) FROM running r
      WHERE (r.seq, r.run) NOT IN (SELECT seq, run FROM owned) OR (r.seq, r.run) IN (SELECT seq, run FROM finished)) AS disowned,
    (SELECT json_agg(json_build_array(e.seq, e.run)) FROM ended e WHERE e.is_reported AND e.state = 'cancelled') AS cancelled,
    (SELECT json_agg(json_build_array(o.seq, o.run, o.cancel)) FROM owned o
      WHERE o.cancel IS NOT NULL AND (o.seq, o.run) IN (SELECT seq, run FROM running)) AS cancels`;

/** What became of an exchange, and whether it left work for other sessions, now or later. */
export interface Exchanged {
  readonly answer: Exchange;
  readonly leavesWork: boolean;
}

export async function exchange(
  connection: Connection,
  session: Session,
  request: ExchangeRequest,
  doubts: Doubts,
): Promise<Exchanged> {
  const { first, again } = withoutTwins(request.finished);
  const values: SqlValue[] = [
    session.id,
    ...finishedColumns(first),
    plainArray(request.running.map(({ seq }) => seq)),
    plainArray(request.running.map(({ run }) => run)),
    request.free,
    session.id % STRIPES,
    String(keepsFailed(session)),
    ...servedBy(session),
    session.token,
  ];
  if (first.length > 0) failpoint('finish.before_commit');
  if (request.free > 0) failpoint('claim.before_commit');
  const [row] = await doubts.watch(session, first, () => connection.change(EXCHANGE, ...values));
  if (row === undefined) throw new Error('an exchange has one answer');
  const refused = keysIn(row['refused']);
  const before = await doubts.resolve(connection, session, inOrder(first, refused));
  const lost = without(inOrder(request.finished, [...refused, ...again]), before.recorded);
  const claimedAtMs = Number(row['claimed_at']);
  const answer = {
    claims: claimedRows(row['claims']).map((claim) => toClaimedJob(claim, session.id, claimedAtMs)),
    lost: [...lost, ...inOrder(request.running, keysIn(row['disowned']))],
    cancelled: inOrder(first, [...keysIn(row['cancelled']), ...before.cancelled]),
    cancels: toCancelledRuns(row['cancels']),
    stopRequested: toStop(row as unknown as SessionRow),
  };
  const hasGivenBack = Number(row['ends']) > first.length - refused.length;
  return { answer, leavesWork: hasGivenBack || first.some(leavesWork) };
}

/** The values of QUEUES and HANDLERS. */
function servedBy({ queues, handlers }: Session): SqlValue[] {
  return [queues === null ? null : textArray(queues), textArray(handlers)];
}

function keysIn(json: unknown): RunKey[] {
  return Array.isArray(json) ? (json as [number, number][]).map(([seq, run]) => ({ seq, run })) : [];
}

function toCancelledRuns(json: unknown): CancelledRun[] {
  if (!Array.isArray(json)) return [];
  return (json as [number, number, string][]).flatMap(([seq, run, text]) => {
    const cancel = toPendingCancel(text);
    return cancel === null ? [] : [{ seq, run, cancel }];
  });
}

const OUTLOOK = `
  WITH RECURSIVE ${lanes({ queues: '$2', handlers: '$3', free: '' })},
  own AS MATERIALIZED (
    SELECT stop_requested_at, stop_now FROM queuectl.workers WHERE session_id = $1::bigint AND lock_name = $4::text
  )
  SELECT ${HAS_READY} AS ready, ${NEXT_DUE_MS} AS next_due_ms,
    EXISTS (SELECT 1 FROM own) AS lives, (SELECT stop_requested_at FROM own) AS stop_requested_at, (SELECT stop_now FROM own) AS stop_now,
    (SELECT json_agg(json_build_array(seq, run, cancel)) FROM queuectl.jobs
      WHERE session_id = $1::bigint AND state = 'processing' AND cancel IS NOT NULL) AS cancels`;

export async function outlook(connection: Connection, session: Session): Promise<Outlook> {
  const [row] = await connection.rows(OUTLOOK, session.id, ...servedBy(session), session.token);
  const dueMs = row?.['next_due_ms'];
  const nextDueMs = typeof dueMs === 'number' ? dueMs : null;
  return {
    ready: nextDueMs === 0 || row?.['ready'] === true,
    nextDueMs,
    cancels: toCancelledRuns(row?.['cancels']),
    stopRequested: row === undefined ? null : toStop(row as unknown as SessionRow),
    sessionLives: row?.['lives'] === true,
  };
}
