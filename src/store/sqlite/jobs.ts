/** Jobs at rest: look up, list, and a person's retry. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import type { Job } from '../../job/job.js';
import { isAllowed, STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { JobFilter } from '../store.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import { toJob } from './rows.js';
import type { Row } from './driver.js';

export function duplicateId(id: string): QueueError {
  return new QueueError(
    'conflict',
    `job ${JSON.stringify(id)} exists already`,
    'choose another id; to leave it alone: enqueue with --on-conflict ignore',
  );
}

const SEQUENCE_NUMBER = /^[1-9]\d{0,14}$/;

/** A number is a sequence number, and only of a job without a name of its own; anything else is a name. */
function findRow(connection: Connection, id: string): Row | undefined {
  return SEQUENCE_NUMBER.test(id)
    ? connection.sql('SELECT * FROM jobs WHERE seq = ? AND id IS NULL').get(Number(id))
    : connection.sql('SELECT * FROM jobs WHERE id = ?').get(id);
}

export async function getJob(connection: Connection, id: string): Promise<Job | null> {
  const row = await connection.whenUnlocked(() => findRow(connection, id));
  return row === undefined ? null : toJob(row);
}

const WAITING = `state IN ('scheduled', 'failed')`;
const ENDED = `state IN ('completed', 'dead', 'cancelled')`;
const PUT_ASIDE = `state IN ('blocked', 'held')`;

/**
 * How each state is listed: by the index that holds it. The state stands in the text, and the condition of the
 * index once more, else no partial index serves: SQLite does not see that one follows from the other.
 */
const ORDERS: Readonly<Record<State, string>> = {
  scheduled: `${WAITING} ORDER BY run_at, seq`,
  pending: 'TRUE ORDER BY queue, priority DESC, run_at, seq',
  processing: 'session_id IS NOT NULL ORDER BY started_at DESC, seq DESC',
  failed: `${WAITING} ORDER BY run_at, seq`,
  blocked: `${PUT_ASIDE} ORDER BY seq DESC`,
  held: `${PUT_ASIDE} ORDER BY seq DESC`,
  completed: `${ENDED} ORDER BY finished_at DESC, seq DESC`,
  dead: `${ENDED} ORDER BY finished_at DESC, seq DESC`,
  cancelled: `${ENDED} ORDER BY finished_at DESC, seq DESC`,
};

/** The states in the order of their list, each in its own order, up to the limit in all. */
export async function listJobs(connection: Connection, filter: JobFilter): Promise<Job[]> {
  return connection.read(() => {
    const jobs: Job[] = [];
    for (const state of filter.states ?? STATES) {
      const free = filter.limit - jobs.length;
      if (free > 0) jobs.push(...listState(connection, state, filter.queue, free).map(toJob));
    }
    return jobs;
  });
}

function listState(connection: Connection, state: State, queue: string | undefined, limit: number): Row[] {
  const select = `SELECT * FROM jobs WHERE state = '${state}'`;
  return queue === undefined
    ? connection.sql(`${select} AND ${ORDERS[state]} LIMIT ?`).all(limit)
    : connection.sql(`${select} AND queue = ? AND ${ORDERS[state]} LIMIT ?`).all(queue, limit);
}

/** What a person does to one job, as one transaction. Null: there is no such job. */
export async function changeJob(
  connection: Connection,
  id: string,
  what: 'retry' | 'cancel',
  change: (job: Job) => Job,
): Promise<Job | null> {
  const changed = await connection.write(() => {
    const row = findRow(connection, id);
    const job = row === undefined ? null : change(toJob(row));
    failpoint(`${what}.before_commit`);
    return job;
  });
  failpoint(`${what}.after_commit`);
  return changed;
}

/** Fenced by the state it was read in, under the write lock: a worker may have claimed a failed job that fell due. */
const RETRY = `
  UPDATE jobs SET state = 'pending', attempts = ?, crashes = ?, run_at = ?, updated_at = ?
  WHERE seq = ? AND state = ? AND session_id IS NULL
  RETURNING *`;

export async function retryJob(
  connection: Connection,
  id: string,
  from: readonly State[],
): Promise<Job | null> {
  return changeJob(connection, id, 'retry', (job) => retryRow(connection, job, from));
}

function retryRow(connection: Connection, job: Job, from: readonly State[]): Job {
  const now = Date.now();
  const kept = job.state === 'failed' ? [job.attempts, job.crashes] : [0, 0];
  const allowed = from.includes(job.state) && isAllowed('retry', job.state, 'pending');
  const row = allowed ? connection.sql(RETRY).get(...kept, now, now, job.seq, job.state) : undefined;
  if (row === undefined) throw wrongState(job, from);
  const counters = new CounterChanges();
  counters.move(job.queue, job.state, 'pending');
  counters.write(connection);
  return toJob(row);
}

function wrongState(job: Job, from: readonly State[]): QueueError {
  if (from.includes(job.state)) {
    return new QueueError(
      'conflict',
      `job ${job.id} waits for its retry by "queuectl run"`,
      'end that first',
    );
  }
  return new QueueError(
    'conflict',
    `job ${job.id} is ${job.state}, not ${from.join(' or ')}`,
    `queuectl show ${job.id}`,
  );
}
