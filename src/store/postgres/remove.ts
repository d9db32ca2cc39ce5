/** Jobs that a person removes, with all that was kept of them. */
import type { Job } from '../../job/job.js';
import type { Pruned } from '../store.js';
import { keptByRun } from '../../job/change.js';
import type { Changing } from './changing.js';
import type { Connection, Transaction } from './connection.js';

/** Jobs of `doomed (seq)`, with their runs and tags. */
const removal = (doomed: string): string => `
  WITH doomed AS MATERIALIZED (${doomed}),
  runs_gone AS (DELETE FROM queuectl.runs r USING doomed d WHERE r.seq = d.seq),
  tags_gone AS (DELETE FROM queuectl.tags t USING doomed d WHERE t.seq = d.seq)
  DELETE FROM queuectl.jobs j USING doomed d WHERE j.seq = d.seq RETURNING j.seq, j.queue, j.state`;

/** Whose rows the transaction holds. */
export const REMOVE = removal('SELECT seq FROM unnest($1::bigint[]) AS d (seq)');

const REMOVE_ONE = removal(
  'SELECT seq FROM queuectl.jobs WHERE seq = $1 AND state = $2 AND session_id IS NULL',
);

export async function removeRow({ transaction, counters }: Changing, job: Job): Promise<Job> {
  const [removed] = await transaction.rows(REMOVE_ONE, job.seq, job.state);
  if (removed === undefined) throw keptByRun(job);
  counters.add(job.queue, job.state, -1);
  return job;
}

const LEFT = 'left_logs:';

/**
 * Notes, in the transaction that removed them, whose logs are now to be removed: whoever is killed before that is done
 * leaves the note to the next one. Numbers of jobs are never used again, so that the logs of another job can never be meant.
 */
export async function noteRemoved(transaction: Transaction, seqs: readonly number[]): Promise<Pruned | null> {
  const [first] = seqs;
  if (first === undefined) return null;
  const note = `${LEFT}${first}`;
  await transaction.rows(
    'INSERT INTO queuectl.meta (key, value) VALUES ($1, $2)',
    note,
    JSON.stringify(seqs),
  );
  return { note, seqs };
}

/** Removed jobs whose logs somebody may have left behind. */
export async function listPruned(connection: Connection): Promise<Pruned[]> {
  // The character behind the colon ends the range.
  const rows = await connection.rows(
    `SELECT key, value FROM queuectl.meta WHERE key >= '${LEFT}' AND key < 'left_logs;' ORDER BY key`,
  );
  return rows.map((row) => ({
    note: String(row['key']),
    seqs: JSON.parse(String(row['value'])) as number[],
  }));
}

/** Their logs are gone. */
export async function forgetPruned(connection: Connection, note: string): Promise<void> {
  await connection.change('DELETE FROM queuectl.meta WHERE key = $1', note);
}
