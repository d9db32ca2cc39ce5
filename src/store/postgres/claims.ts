/** The heart: what a session reports and what it gets, in one statement, which is one round trip and one commit. */
import { failpoint } from '../../failpoint.js';
import type { Row, SqlValue } from '../rows/row.js';
import { toClaimedJob, toPendingCancel } from '../rows/rows.js';
import type {
  CancelledRun,
  Exchange,
  ExchangeRequest,
  FinishedRun,
  Outlook,
  RunKey,
  Session,
} from '../store.js';
import { plainArray, textArray } from './arrays.js';
import { CLAIMS_COUNTED, claims, HAS_READY, lanes } from './claim-jobs.js';
import type { Connection } from './connection.js';
import { addToCounters, STRIPES } from './counters.js';
import { ends, ENDS_COUNTED, owned, RECORDED } from './endings.js';
import { FINISHED_COLUMNS, finishedColumns, finishedRows, keepsFailed } from './finish.js';
import { CLOCK } from './now.js';
import { DUE, NEXT_DUE_MS, PROMOTED, PROMOTIONS_COUNTED } from './promote.js';
import { HEEDS_PAUSES } from './queues.js';

/** $1 is the session; the reported runs follow, then these. */
const [RUNNING_SEQS, RUNNING_RUNS, FREE, STRIPE, KEEPS, QUEUES, HANDLERS] = Array.from(
  { length: 7 },
  (_, index) => `$${2 + FINISHED_COLUMNS + index}`,
) as [string, string, string, string, string, string, string];

const CLAIM = { queues: QUEUES, handlers: HANDLERS, free: `${FREE}::integer` };

/** A beat is written at most so often: a busy worker's exchanges are many more. */
const BEAT_EVERY_MS = 1000;

/**
 * In this order locks are taken: the session's row, so that nobody gives it up meanwhile (a beat and a stop may come); its
 * jobs by their numbers; what is due and ready, where nobody is waited for; and the counters by their names, at the end.
 * What each part changes the others do not see: no job is in two of them, since its state before decides.
 */
const EXCHANGE = `
  WITH RECURSIVE ${CLOCK}, ${HEEDS_PAUSES},
  own AS MATERIALIZED (
    SELECT session_id, stop_requested_at FROM queuectl.workers WHERE session_id = $1::bigint FOR KEY SHARE
  ),
  finished AS MATERIALIZED (${finishedRows(2)}),
  running AS MATERIALIZED (SELECT * FROM unnest(${RUNNING_SEQS}::bigint[], ${RUNNING_RUNS}::integer[]) AS r (seq, run)),
  ${owned('own')},
  ${ends({ state: 'pending', outcome: 'given_back', reason: 'never started' }, `${KEEPS}::boolean`)},
  ${RECORDED},
  ${DUE}, ${lanes(CLAIM)}, ${claims(CLAIM)}, ${PROMOTED},
  counted AS (${addToCounters(
    `${ENDS_COUNTED} UNION ALL ${PROMOTIONS_COUNTED} UNION ALL ${CLAIMS_COUNTED}`,
    `${STRIPE}::integer`,
  )}),
  beat AS (
    UPDATE queuectl.workers w SET heartbeat = now FROM clock, own
    WHERE w.session_id = own.session_id AND w.heartbeat <= now - ${BEAT_EVERY_MS}
  )
  SELECT (SELECT stop_requested_at IS NOT NULL FROM own) AS stop_requested,
    (SELECT json_agg(c ORDER BY c.priority DESC, c.run_at, c.seq) FROM claimed c) AS claims,
    (SELECT json_agg(json_build_array(f.seq, f.run)) FROM finished f
      WHERE NOT EXISTS (SELECT 1 FROM owned o WHERE o.seq = f.seq AND o.run = f.run)) AS refused,
    (SELECT json_agg(json_build_array(r.seq, r.run)) FROM running r
      WHERE NOT EXISTS (SELECT 1 FROM owned o WHERE o.seq = r.seq AND o.run = r.run)
        OR EXISTS (SELECT 1 FROM finished f WHERE f.seq = r.seq AND f.run = r.run)) AS disowned,
    (SELECT json_agg(json_build_array(e.seq, e.run)) FROM ends e WHERE e.is_reported AND e.state = 'cancelled') AS cancelled,
    (SELECT json_agg(json_build_array(o.seq, o.run, o.cancel)) FROM owned o JOIN running r ON r.seq = o.seq AND r.run = o.run
      WHERE o.cancel IS NOT NULL) AS cancels`;

export async function exchange(
  connection: Connection,
  session: Session,
  request: ExchangeRequest,
): Promise<Exchange> {
  const { first, again } = withoutTwins(request.finished);
  const values = [
    session.id,
    ...finishedColumns(first),
    plainArray(request.running.map(({ seq }) => seq)),
    plainArray(request.running.map(({ run }) => run)),
    request.free,
    session.id % STRIPES,
    keepsFailed(session),
    ...servedBy(session),
  ];
  if (first.length > 0) failpoint('finish.before_commit');
  const [row] = await connection.change(EXCHANGE, ...(values as SqlValue[]));
  if (row === undefined) throw new Error('an exchange has one answer');
  const refused = keysIn(row['refused']);
  const lost = inOrder(request.finished, [...refused, ...again]);
  return {
    claims: rowsIn(row['claims']).map((claim) => toClaim(claim, session)),
    lost: [...lost, ...inOrder(request.running, keysIn(row['disowned']))],
    cancelled: inOrder(first, keysIn(row['cancelled'])),
    cancels: toCancelledRuns(row['cancels']),
    stopRequested: row['stop_requested'] === true,
  };
}

/** A run ends once: what is reported a second time is refused. */
function withoutTwins(finished: readonly FinishedRun[]): { first: FinishedRun[]; again: RunKey[] } {
  const first = new Map<string, FinishedRun>();
  const again: RunKey[] = [];
  for (const run of finished) {
    const key = `${run.seq}.${run.run}`;
    if (first.has(key)) again.push(run);
    else first.set(key, run);
  }
  return { first: [...first.values()], again };
}

/** The values of QUEUES and HANDLERS. */
function servedBy({ queues, handlers }: Session): SqlValue[] {
  return [queues === null ? null : textArray(queues), textArray(handlers)];
}

/** The claim has raised the run already; toClaimedJob counts from the row as it was before. */
function toClaim(row: Row, session: Session): Exchange['claims'][number] {
  return toClaimedJob({ ...row, run: Number(row['run']) - 1 }, session.id, Number(row['now']));
}

function rowsIn(json: unknown): Row[] {
  return Array.isArray(json) ? (json as Row[]) : [];
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

/** Those of `all` that are among `some`, as often as they are. */
function inOrder(all: readonly RunKey[], some: readonly RunKey[]): RunKey[] {
  const left = new Map<string, number>();
  for (const { seq, run } of some) left.set(`${seq}.${run}`, (left.get(`${seq}.${run}`) ?? 0) + 1);
  return all.flatMap(({ seq, run }) => {
    const n = left.get(`${seq}.${run}`) ?? 0;
    if (n === 0) return [];
    left.set(`${seq}.${run}`, n - 1);
    return [{ seq, run }];
  });
}

const OUTLOOK = `
  WITH RECURSIVE ${lanes({ queues: '$2', handlers: '$3', free: '' })},
  own AS MATERIALIZED (SELECT stop_requested_at FROM queuectl.workers WHERE session_id = $1::bigint)
  SELECT ${HAS_READY} AS ready, ${NEXT_DUE_MS} AS next_due_ms,
    EXISTS (SELECT 1 FROM own) AS lives, (SELECT stop_requested_at IS NOT NULL FROM own) AS stop_requested,
    (SELECT json_agg(json_build_array(seq, run, cancel)) FROM queuectl.jobs
      WHERE session_id = $1::bigint AND state = 'processing' AND cancel IS NOT NULL) AS cancels`;

export async function outlook(connection: Connection, session: Session): Promise<Outlook> {
  const [row] = await connection.rows(OUTLOOK, session.id, ...servedBy(session));
  const dueMs = row?.['next_due_ms'];
  const nextDueMs = typeof dueMs === 'number' ? dueMs : null;
  return {
    ready: nextDueMs === 0 || row?.['ready'] === true,
    nextDueMs,
    cancels: toCancelledRuns(row?.['cancels']),
    stopRequested: row?.['stop_requested'] === true,
    sessionLives: row?.['lives'] === true,
  };
}
