/** Jobs that a person removes, with all that was kept of them. */
import type { Pruned } from '../pruning.js';
import type { Connection } from './connection.js';
import { deleteTags } from './tags.js';

/** A job at rest, under the write lock; its counter is the caller's. */
export function removeRow(connection: Connection, seq: number): void {
  connection.sql('DELETE FROM jobs WHERE seq = ?').run(seq);
  connection.sql('DELETE FROM runs WHERE seq = ?').run(seq);
  deleteTags(connection, seq);
}

const LEFT = 'left_logs:';

/**
 * Notes, in the transaction that removed them, whose logs are now to be removed: whoever is killed before that is done
 * leaves the note to the next one. Numbers of jobs are never used again, so that the logs of another job can never be meant.
 */
export function noteRemoved(connection: Connection, seqs: readonly number[]): Pruned | null {
  const [first] = seqs;
  if (first === undefined) return null;
  const note = `${LEFT}${first}`;
  connection.sql('INSERT INTO meta (key, value) VALUES (?, ?)').run(note, JSON.stringify(seqs));
  return { note, seqs };
}

/** Removed jobs whose logs somebody may have left behind. */
export async function listPruned(connection: Connection): Promise<Pruned[]> {
  // The character behind the colon ends the range.
  const rows = await connection.rows(
    `SELECT key, value FROM meta WHERE key >= '${LEFT}' AND key < 'left_logs;'`,
  );
  return rows.map((row) => ({
    note: String(row['key']),
    seqs: JSON.parse(String(row['value'])) as number[],
  }));
}

/** Their logs are gone. */
export async function forgetPruned(connection: Connection, note: string): Promise<void> {
  await connection.write(() => connection.sql('DELETE FROM meta WHERE key = ?').run(note));
}
