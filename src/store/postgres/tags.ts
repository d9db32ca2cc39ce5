/** The index of tags. What tags a job has is read from its options. */
import { textArray } from './arrays.js';
import type { Transaction } from './connection.js';

/** Inside of the transaction that changes the job; that of a new one is part of its statement. */
export async function insertTags(
  transaction: Transaction,
  tags: readonly string[],
  seq: number,
): Promise<void> {
  if (tags.length === 0) return;
  await transaction.rows(
    'INSERT INTO queuectl.tags (tag, seq) SELECT tag, $2::bigint FROM unnest($1::text[]) AS t (tag)',
    textArray(tags),
    seq,
  );
}

export async function deleteTags(transaction: Transaction, seq: number): Promise<void> {
  await transaction.rows('DELETE FROM queuectl.tags WHERE seq = $1', seq);
}
