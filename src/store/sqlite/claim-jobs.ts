/** What a session gets: the ready jobs of its queues and handlers, in the order of the claim index. */
import type { ProcessingJob } from '../../job/job.js';
import type { Lane } from '../../job/lane.js';
import type { Session } from '../store.js';
import { MANY } from './bulk-rows.js';
import type { Connection } from './connection.js';
import type { CounterChanges } from './counters.js';
import type { Row } from './driver.js';
import { NOT_PAUSED } from './queues.js';
import { CLAIM_COLUMNS, toClaimedJob } from '../rows/rows.js';

/** The next lane with ready jobs, of the same queue and of another: one probe of the claim index each. No row: none. */
export const NEXT_OF_QUEUE = `
  SELECT queue, handler FROM jobs WHERE state = 'pending' AND queue = ? AND handler > ?
  ORDER BY handler LIMIT 1`;
export const NEXT_QUEUE = `
  SELECT queue, handler FROM jobs WHERE state = 'pending' AND queue > ?
  ORDER BY queue, handler LIMIT 1`;

/** A lane's next jobs, straight from the claim index: no sort, at most `free` rows. */
const nextOfLane = (columns: string): string => `
  SELECT ${columns} FROM jobs WHERE queue = ? AND handler = ? AND state = 'pending'
  ORDER BY priority DESC, run_at, seq LIMIT ?`;
export const NEXT_OF_LANE = nextOfLane('seq, priority, run_at');

/** For the only lane that has ready jobs: whichever come next are claimed, so they are read at once. */
export const JOBS_OF_LANE = nextOfLane(CLAIM_COLUMNS);

const JOB = `SELECT ${CLAIM_COLUMNS} FROM jobs WHERE seq = ?`;

/** What was just read under the write lock is still pending: no other answer than as many rows. */
const claim = (which: string): string => `
  UPDATE jobs SET state = 'processing', run = run + 1, session_id = ?1, started_at = ?2, updated_at = ?2
  WHERE ${which} AND state = 'pending'`;
const CLAIM = claim('seq = ?3');
const CLAIM_MANY = claim('seq IN (SELECT value FROM json_each(?3))');

export function claimJobs(
  connection: Connection,
  session: Session,
  free: number,
  now: number,
  counters: CounterChanges,
): ProcessingJob[] {
  const jobs = nextRows(connection, servedLanes(connection, session), free).map((row) => {
    const job = toClaimedJob(row, session.id, now);
    counters.move(job.queue, 'pending', 'processing');
    return job;
  });
  writeClaims(connection, session, jobs, now);
  return jobs;
}

function writeClaims(
  connection: Connection,
  session: Session,
  jobs: readonly ProcessingJob[],
  now: number,
): void {
  const seqs = jobs.map((job) => job.seq);
  const changes =
    seqs.length >= MANY
      ? connection.sql(CLAIM_MANY).run(session.id, now, JSON.stringify(seqs)).changes
      : seqs.reduce((sum, seq) => sum + connection.sql(CLAIM).run(session.id, now, seq).changes, 0);
  if (changes !== jobs.length) throw new Error('pending jobs changed under the write lock');
}

/** In the order of the claim; rows of many lanes are looked at by the index alone until it is known which are first. */
function nextRows(connection: Connection, lanes: readonly Lane[], free: number): Row[] {
  const [first] = lanes;
  if (first === undefined) return [];
  if (lanes.length === 1) return connection.sql(JOBS_OF_LANE).all(first.queue, first.handler, free);
  return lanes
    .flatMap(({ queue, handler }) => connection.sql(NEXT_OF_LANE).all(queue, handler, free))
    .map((row) => row as unknown as NextRow)
    .toSorted((a, b) => b.priority - a.priority || a.run_at - b.run_at || a.seq - b.seq)
    .slice(0, free)
    .flatMap(({ seq }) => {
      const row = connection.sql(JOB).get(seq);
      return row === undefined ? [] : [row];
    });
}

interface NextRow {
  readonly seq: number;
  readonly priority: number;
  readonly run_at: number;
}

const IS_CLOSED = `SELECT 1 FROM (SELECT ? AS queue) WHERE NOT (${NOT_PAUSED})`;

/** Those that the session serves and that nobody has paused. */
function servedLanes(connection: Connection, session: Session): Lane[] {
  return readyLanes(connection, (lane) => serves(session, lane));
}

/** With ready jobs, of queues that nobody has paused. Inside of a transaction. */
export function readyLanes(connection: Connection, isWanted: (lane: Lane) => boolean = () => true): Lane[] {
  const lanes: Lane[] = [];
  let lane: Lane | undefined = { queue: '', handler: '' };
  while ((lane = laneAfter(connection, lane)) !== undefined) if (isWanted(lane)) lanes.push(lane);
  return openLanes(connection, lanes);
}

/** Those of queues that nobody has paused. */
export function openLanes(connection: Connection, lanes: readonly Lane[]): Lane[] {
  return lanes.filter(({ queue }) => connection.sql(IS_CLOSED).get(queue) === undefined);
}

function laneAfter(connection: Connection, { queue, handler }: Lane): Lane | undefined {
  const row = connection.sql(NEXT_OF_QUEUE).get(queue, handler) ?? connection.sql(NEXT_QUEUE).get(queue);
  return row === undefined ? undefined : { queue: String(row['queue']), handler: String(row['handler']) };
}

export function serves({ queues, handlers }: Session, { queue, handler }: Lane): boolean {
  return (queues === null || queues.includes(queue)) && handlers.includes(handler);
}

/** Inside of a transaction. */
export function hasReady(connection: Connection, session: Session): boolean {
  return servedLanes(connection, session).length > 0;
}
