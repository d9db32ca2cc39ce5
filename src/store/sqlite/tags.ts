/** The index of tags. What tags a job has is read from its options. */
import type { Connection } from './connection.js';

/** Inside of the transaction that stores the jobs. */
export function insertTags(
  connection: Connection,
  tags: readonly (readonly [tag: string, seq: number])[],
): void {
  if (tags.length === 0) return;
  connection
    .sql('INSERT INTO tags (tag, seq) SELECT value ->> 0, value ->> 1 FROM json_each(?)')
    .run(JSON.stringify(tags));
}

export function deleteTags(connection: Connection, seq: number): void {
  connection.sql('DELETE FROM tags WHERE seq = ?').run(seq);
}
