/** Jobs that a person removes, with all that was kept of them. */
import type { Pruned } from '../pruning.js';
import type { Connection, Transaction } from './connection.js';

/** Jobs whose rows the transaction holds, with their runs, tags and logs. */
export const REMOVE = `
  WITH doomed AS MATERIALIZED (SELECT seq FROM unnest($1::bigint[]) AS d (seq)),
  runs_gone AS (DELETE FROM queuectl.runs r USING doomed d WHERE r.seq = d.seq),
  tags_gone AS (DELETE FROM queuectl.tags t USING doomed d WHERE t.seq = d.seq),
  logs_gone AS (DELETE FROM queuectl.log_parts p USING doomed d WHERE p.seq = d.seq)
  DELETE FROM queuectl.jobs j USING doomed d WHERE j.seq = d.seq RETURNING j.seq, j.queue, j.state`;

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
