/** What has happened since somebody looked: from the rows themselves, for nothing is written down as it happens. */
import { FINAL_STATES } from '../../job/state.js';
import type { FinalState } from '../../job/state.js';
import type { ChangeCursor, Changes, EndedPlace, JobMoment, RunMoment } from '../overview.js';
import { actsAfter, lastActBefore } from './acts.js';
import type { Connection } from './connection.js';
import { toMoment, toRunMoment } from '../rows/moments.js';

const PAGE = 1000;
/** More jobs than this that wait for a retry are not looked at each time. */
const MOST_FAILED = 1000;
/** Of one millisecond: so many jobs ended in one transaction, and are not to be read at each look. */
const MOST_OF_A_MILLISECOND = 500;

const COLUMNS = `seq, id, queue, state, run, session_id, created_at, updated_at, run_at, started_at, finished_at,
  reason`;

const CREATED = `SELECT ${COLUMNS} FROM jobs WHERE seq > ? ORDER BY seq LIMIT ${PAGE}`;
const OWNED = `SELECT ${COLUMNS} FROM jobs WHERE session_id IS NOT NULL`;
const FAILED = `SELECT ${COLUMNS} FROM jobs WHERE state = 'failed'`;
const HOW_MANY_FAILED = `SELECT total(n) AS n FROM counters WHERE state = 'failed'`;
const JOB = `SELECT ${COLUMNS} FROM jobs WHERE seq = ?`;
const RUNS = `
  SELECT seq, run, session_id, started_at, finished_at, outcome, exit_code, signal, reason FROM runs
  WHERE seq = ? AND run > ? ORDER BY run`;

/** The state stands in the text: a bound parameter loses the partial index. */
const ended = (state: FinalState, where: string): string => `
  SELECT ${COLUMNS} FROM jobs WHERE state = '${state}' AND ${where} ORDER BY finished_at, seq LIMIT ?`;
export const latestEnd = (state: FinalState): string =>
  `SELECT max(finished_at) AS at FROM jobs WHERE state = '${state}'`;

export async function beginChanges(connection: Connection, sinceMs: number | null): Promise<ChangeCursor> {
  return connection.read(() => {
    const now = Date.now();
    const [seq, at] =
      sinceMs === null ? [lastSeq(connection), now] : [seqBefore(connection, sinceMs), sinceMs];
    // The time of a transaction is taken under the write lock, so that no later end can have an earlier one.
    const from = (state: FinalState): number =>
      sinceMs ?? Math.min(now, Number(connection.sql(latestEnd(state)).get()?.['at'] ?? now));
    return {
      seq,
      act: lastActBefore(connection, at, sinceMs === null),
      ended: {
        completed: { finishedAtMs: from('completed'), seq: 0 },
        dead: { finishedAtMs: from('dead'), seq: 0 },
        cancelled: { finishedAtMs: from('cancelled'), seq: 0 },
      },
    };
  });
}

export async function changes(connection: Connection, cursor: ChangeCursor): Promise<Changes> {
  return connection.read(() => {
    const now = Date.now();
    const created = connection.sql(CREATED).all(cursor.seq).map(toMoment);
    const tails = FINAL_STATES.map((state) => tailOf(connection, state, cursor.ended[state], now));
    const { acts, last } = actsAfter(connection, cursor.act, PAGE);
    const isFew = Number(connection.sql(HOW_MANY_FAILED).get()?.['n']) <= MOST_FAILED;
    const [completed, dead, cancelled] = tails.map(({ next }) => next) as [
      EndedPlace,
      EndedPlace,
      EndedPlace,
    ];
    return {
      created,
      ended: tails.flatMap(({ jobs }) => jobs),
      owned: connection.sql(OWNED).all().map(toMoment),
      failed: isFew ? connection.sql(FAILED).all().map(toMoment) : null,
      acts,
      next: { seq: created.at(-1)?.seq ?? cursor.seq, act: last, ended: { completed, dead, cancelled } },
      more: created.length === PAGE || acts.length === PAGE || tails.some(({ isFull }) => isFull),
    };
  });
}

interface Tail {
  readonly jobs: JobMoment[];
  readonly next: EndedPlace;
  readonly isFull: boolean;
}

/**
 * Those that ended from there on. Two transactions may share a millisecond: the last one that was seen is read again,
 * unless very many jobs ended in it. What a wrong clock put into the future is left there.
 */
function tailOf(connection: Connection, state: FinalState, from: EndedPlace, now: number): Tail {
  const { finishedAtMs, seq } = from;
  const same = connection.sql(ended(state, 'finished_at = ? AND seq > ?')).all(finishedAtMs, seq, PAGE);
  const later = connection
    .sql(ended(state, 'finished_at > ? AND finished_at <= ?'))
    .all(finishedAtMs, now, PAGE - same.length);
  const jobs = [...same, ...later].map(toMoment);
  const last = jobs.at(-1);
  if (last === undefined) return { jobs, next: from, isFull: false };
  const lastMs = last.finishedAtMs ?? finishedAtMs;
  const ofLastMs = jobs.filter((job) => job.finishedAtMs === lastMs).length;
  const isFull = jobs.length === PAGE;
  const staysBehind = isFull || ofLastMs > MOST_OF_A_MILLISECOND || (lastMs === finishedAtMs && seq > 0);
  return { jobs, next: { finishedAtMs: lastMs, seq: staysBehind ? last.seq : 0 }, isFull };
}

/** A look-up each, by the table's key. */
export async function findJobs(connection: Connection, seqs: readonly number[]): Promise<JobMoment[]> {
  return connection.read(() =>
    seqs.flatMap((seq) => {
      const row = connection.sql(JOB).get(seq);
      return row === undefined ? [] : [toMoment(row)];
    }),
  );
}

export async function runsAfter(
  connection: Connection,
  runs: readonly { readonly seq: number; readonly run: number }[],
): Promise<RunMoment[]> {
  return connection.read(() =>
    runs.flatMap(({ seq, run }) => connection.sql(RUNS).all(seq, run).map(toRunMoment)),
  );
}

function lastSeq(connection: Connection): number {
  return Number(connection.sql('SELECT max(seq) AS seq FROM jobs').get()?.['seq'] ?? 0);
}

/** The last number before the first job from that time on: jobs get their numbers in the order of their times. */
function seqBefore(connection: Connection, sinceMs: number): number {
  let [low, high] = [0, lastSeq(connection)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = connection
      .sql('SELECT seq, created_at FROM jobs WHERE seq > ? ORDER BY seq LIMIT 1')
      .get(middle);
    if (row === undefined || Number(row['created_at']) >= sinceMs) high = middle;
    else low = Number(row['seq']);
  }
  return low;
}
