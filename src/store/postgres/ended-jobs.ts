/** Jobs that are over, the newest first, with their runs: page by page, by the index that holds them. */
import type { EndedJob, EndedRun } from '../../job/stats.js';
import type { OutcomeKind } from '../../job/job.js';
import type { FinalState } from '../../job/state.js';
import type { EndedPlace } from '../overview.js';
import type { Row } from '../rows/row.js';
import { plainArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';

/** The state stands in the text: a bound parameter loses the partial index. */
const page = (state: FinalState, where: string, limit: string): string => `
  SELECT seq, queue, command, run_at, started_at, finished_at FROM queuectl.jobs
  WHERE state = '${state}' AND finished_at >= $1 AND ${where}
  ORDER BY finished_at DESC, seq DESC LIMIT ${limit}`;

/** Without their output, which may be large. */
const RUNS = `
  SELECT seq, run, started_at, finished_at, outcome, user_ms, system_ms, max_rss_kb, output_bytes FROM queuectl.runs
  WHERE seq = ANY ($1::bigint[])`;

export async function listEnded(
  connection: Connection,
  state: FinalState,
  sinceMs: number,
  after: EndedPlace | null,
  limit: number,
): Promise<EndedJob[]> {
  return connection.read(async (transaction) => {
    const rows = await jobRows(transaction, state, sinceMs, after, limit);
    const runs = await runsOf(transaction, rows);
    return rows.map((row) => toEndedJob(row, state, runs.get(Number(row['seq'])) ?? []));
  });
}

/** Range after range, so that each begins in the middle of the index, however many jobs ended at one time. */
async function jobRows(
  transaction: Transaction,
  state: FinalState,
  sinceMs: number,
  after: EndedPlace | null,
  limit: number,
): Promise<Row[]> {
  if (after === null) return transaction.rows(page(state, 'TRUE', '$2'), sinceMs, limit);
  const { finishedAtMs, seq } = after;
  const same = page(state, 'finished_at = $2 AND seq < $3', '$4');
  const rows = await transaction.rows(same, sinceMs, finishedAtMs, seq, limit);
  const older = page(state, 'finished_at < $2', '$3');
  return [...rows, ...(await transaction.rows(older, sinceMs, finishedAtMs, limit - rows.length))];
}

async function runsOf(transaction: Transaction, jobs: readonly Row[]): Promise<Map<number, Row[]>> {
  const runs = new Map<number, Row[]>();
  for (const row of await transaction.rows(RUNS, plainArray(jobs.map(({ seq }) => Number(seq))))) {
    const seq = Number(row['seq']);
    runs.set(seq, [...(runs.get(seq) ?? []), row]);
  }
  return runs;
}

function toEndedJob(row: Row, state: FinalState, runs: readonly Row[]): EndedJob {
  // A wait below zero: it was cancelled, or retried, after its last run.
  const waitedMs = row['started_at'] === null ? -1 : Number(row['started_at']) - Number(row['run_at']);
  return {
    seq: Number(row['seq']),
    queue: String(row['queue']),
    work: String(row['command']),
    state,
    finishedAtMs: Number(row['finished_at']),
    waitedMs: waitedMs < 0 ? null : waitedMs,
    runs: runs.toSorted((a, b) => Number(a['run']) - Number(b['run'])).map(toEndedRun),
  };
}

function toEndedRun(row: Row): EndedRun {
  const [user, system, memory] = [row['user_ms'], row['system_ms'], row['max_rss_kb']];
  return {
    outcome: row['outcome'] as OutcomeKind,
    ranMs: Number(row['finished_at']) - Number(row['started_at']),
    cpuMs: user === null || system === null ? null : Number(user) + Number(system),
    maxRssKb: memory === null ? null : Number(memory),
    outputBytes: Number(row['output_bytes']),
  };
}
