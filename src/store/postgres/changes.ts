/** What has happened since somebody looked: from the rows themselves, for nothing is written down as it happens. */
import type { FinalState } from '../../job/state.js';
import type { ChangeCursor, Changes, EndedPlace, JobMoment, RunMoment, SeqGap } from '../overview.js';
import { actsAfter, lastActBefore } from './acts.js';
import { toMoment, toRunMoment } from '../rows/moments.js';
import { plainArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { gapsIn, remaining } from './gaps.js';
import type { Horizon } from './gaps.js';
import { NOW_MS } from './now.js';

const PAGE = 1000;
/** More jobs than this that wait for a retry are not looked at each time. */
const MOST_FAILED = 1000;
/** Of one millisecond: so many jobs ended in one transaction, and are not to be read at each look. */
const MOST_OF_A_MILLISECOND = 500;
/** An exchange that waits for a lock keeps the time at which it began. */
const COMMITS_WITHIN_MS = 1000;

const COLUMNS = `seq, id, queue, state, run, session_id, created_at, updated_at, run_at, started_at, finished_at,
  reason`;

const CREATED = `SELECT ${COLUMNS} FROM queuectl.jobs WHERE seq > $1 ORDER BY seq LIMIT ${PAGE}`;
const LATE = `
  SELECT j.* FROM unnest($1::bigint[], $2::bigint[]) AS g (first, last)
  CROSS JOIN LATERAL (SELECT ${COLUMNS} FROM queuectl.jobs WHERE seq >= first AND seq <= last ORDER BY seq LIMIT ${PAGE}) j
  ORDER BY seq`;
const HORIZON = `
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax`;
const OWNED = `SELECT ${COLUMNS} FROM queuectl.jobs WHERE session_id IS NOT NULL`;
const FAILED = `SELECT ${COLUMNS} FROM queuectl.jobs WHERE state = 'failed'`;
const HOW_MANY_FAILED = `SELECT coalesce(sum(n), 0)::bigint AS n FROM queuectl.counters WHERE state = 'failed'`;
const JOBS = `
  SELECT j.* FROM unnest($1::bigint[]) WITH ORDINALITY AS a (seq, place)
  JOIN queuectl.jobs j ON j.seq = a.seq ORDER BY a.place`;
const RUNS = `
  SELECT r.seq, r.run, r.session_id, r.started_at, r.finished_at, r.outcome, r.exit_code, r.signal, r.reason
  FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS a (seq, run, place)
  JOIN queuectl.runs r ON r.seq = a.seq AND r.run > a.run ORDER BY a.place, r.run`;
const NOW = `SELECT ${NOW_MS} AS now`;

/** The state stands in the text: a bound parameter loses the partial index. */
const ended = (state: FinalState, where: string): string => `
  SELECT ${COLUMNS} FROM queuectl.jobs WHERE state = '${state}' AND ${where} ORDER BY finished_at, seq LIMIT $3`;
const latestEnd = (state: FinalState): string =>
  `SELECT max(finished_at) AS at FROM queuectl.jobs WHERE state = '${state}'`;

export async function beginChanges(connection: Connection, sinceMs: number | null): Promise<ChangeCursor> {
  return connection.read(async (transaction) => {
    const now = await numberOf(transaction, NOW, 'now');
    const from = async (state: FinalState): Promise<EndedPlace> => {
      if (sinceMs !== null) return { finishedAtMs: sinceMs, seq: 0 };
      const latest = await numberOf(transaction, latestEnd(state), 'at');
      return { finishedAtMs: latest === 0 ? now : Math.min(now, latest), seq: 0 };
    };
    const last = await lastSeq(transaction);
    return {
      seq: sinceMs === null ? last : await seqBefore(transaction, sinceMs, last),
      act: await lastActBefore(transaction, sinceMs ?? now, sinceMs === null),
      ended: {
        completed: await from('completed'),
        dead: await from('dead'),
        cancelled: await from('cancelled'),
      },
    };
  });
}

export async function changes(connection: Connection, cursor: ChangeCursor): Promise<Changes> {
  return connection.read(async (transaction) => {
    const now = await numberOf(transaction, NOW, 'now');
    const [horizon] = (await transaction.rows(HORIZON)) as unknown as [Horizon];
    const behind = (await transaction.rows(CREATED, cursor.seq)).map(toMoment);
    const { late, gaps } = await lookIntoGaps(transaction, cursor, horizon, now);
    const created = [...late, ...behind];
    const seqs = behind.map(({ seq }) => seq);
    const completed = await tailOf(transaction, 'completed', cursor.ended.completed, now);
    const dead = await tailOf(transaction, 'dead', cursor.ended.dead, now);
    const cancelled = await tailOf(transaction, 'cancelled', cursor.ended.cancelled, now);
    const tails = [completed, dead, cancelled];
    const { acts, last } = await actsAfter(transaction, cursor.act, PAGE);
    const isFew = (await numberOf(transaction, HOW_MANY_FAILED, 'n')) <= MOST_FAILED;
    return {
      created,
      ended: tails.flatMap(({ jobs }) => jobs),
      owned: (await transaction.rows(OWNED)).map(toMoment),
      failed: isFew ? (await transaction.rows(FAILED)).map(toMoment) : null,
      acts,
      next: {
        seq: seqs.at(-1) ?? cursor.seq,
        gaps: remaining([...gaps, ...gapsIn(cursor.seq, seqs, now)], [], horizon, now),
        act: last,
        ended: { completed: completed.next, dead: dead.next, cancelled: cancelled.next },
      },
      more: behind.length === PAGE || acts.length === PAGE || tails.some(({ isFull }) => isFull),
    };
  });
}

/** Jobs whose transactions committed after those of later numbers had been seen. */
async function lookIntoGaps(
  transaction: Transaction,
  { gaps = [] }: ChangeCursor,
  horizon: Horizon,
  now: number,
): Promise<{ readonly late: JobMoment[]; readonly gaps: SeqGap[] }> {
  if (gaps.length === 0) return { late: [], gaps: [] };
  const [from, to] = [plainArray(gaps.map((gap) => gap.from)), plainArray(gaps.map((gap) => gap.to))];
  const late = (await transaction.rows(LATE, from, to)).map(toMoment);
  const seen = late.map(({ seq }) => seq);
  return { late, gaps: remaining(gaps, seen, horizon, now) };
}

async function numberOf(transaction: Transaction, text: string, column: string): Promise<number> {
  const [row] = await transaction.rows(text);
  return Number(row?.[column] ?? 0);
}

interface Tail {
  readonly jobs: JobMoment[];
  readonly next: EndedPlace;
  readonly isFull: boolean;
}

/**
 * Those that ended from there on. Two transactions may share a millisecond: the last one that was seen is read again,
 * unless very many jobs ended in it. So are those of the last second, of which one may commit after a later one, unless there
 * are very many. What a wrong clock put into the future is left there.
 */
async function tailOf(
  transaction: Transaction,
  state: FinalState,
  from: EndedPlace,
  now: number,
): Promise<Tail> {
  const { finishedAtMs, seq } = from;
  const same = await transaction.rows(ended(state, 'finished_at = $1 AND seq > $2'), finishedAtMs, seq, PAGE);
  const left = PAGE - same.length;
  const later = await transaction.rows(
    ended(state, 'finished_at > $1 AND finished_at <= $2'),
    finishedAtMs,
    now,
    left,
  );
  const jobs = [...same, ...later].map(toMoment);
  const last = jobs.at(-1);
  if (last === undefined) return { jobs, next: from, isFull: false };
  const lastMs = last.finishedAtMs ?? finishedAtMs;
  const isFull = jobs.length === PAGE;
  const recent = now - COMMITS_WITHIN_MS;
  const ofLate = jobs.filter((job) => (job.finishedAtMs ?? 0) >= recent).length;
  if (!isFull && ofLate <= MOST_OF_A_MILLISECOND && lastMs > Math.max(recent, finishedAtMs))
    return { jobs, next: { finishedAtMs: Math.max(recent, finishedAtMs), seq: 0 }, isFull };
  const ofLastMs = jobs.filter((job) => job.finishedAtMs === lastMs).length;
  const staysBehind = isFull || ofLastMs > MOST_OF_A_MILLISECOND || (lastMs === finishedAtMs && seq > 0);
  return { jobs, next: { finishedAtMs: lastMs, seq: staysBehind ? last.seq : 0 }, isFull };
}

/** A look-up each, by the table's key. */
export async function findJobs(connection: Connection, seqs: readonly number[]): Promise<JobMoment[]> {
  return (await connection.rows(JOBS, plainArray(seqs))).map(toMoment);
}

export async function runsAfter(
  connection: Connection,
  runs: readonly { readonly seq: number; readonly run: number }[],
): Promise<RunMoment[]> {
  const rows = await connection.rows(
    RUNS,
    plainArray(runs.map(({ seq }) => seq)),
    plainArray(runs.map(({ run }) => run)),
  );
  return rows.map(toRunMoment);
}

async function lastSeq(transaction: Transaction): Promise<number> {
  return numberOf(transaction, 'SELECT max(seq) AS seq FROM queuectl.jobs', 'seq');
}

const FIRST_BEHIND = 'SELECT seq, created_at FROM queuectl.jobs WHERE seq > $1 ORDER BY seq LIMIT 1';

/** The last number before the first job from that time on: jobs get their numbers nearly in the order of their times. */
async function seqBefore(transaction: Transaction, sinceMs: number, last: number): Promise<number> {
  let [low, high] = [0, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = await transaction.rows(FIRST_BEHIND, middle);
    if (row === undefined || Number(row['created_at']) >= sinceMs) high = middle;
    else low = Number(row['seq']);
  }
  return low;
}
