/** Jobs by what they have in common. */
import type { GroupBy, JobGroup, Selection } from '../../job/selection.js';
import type { Connection } from './connection.js';
import type { Row } from './driver.js';
import { selectionOf } from './select.js';

const COLUMNS: Readonly<Record<GroupBy, readonly string[]>> = {
  error: ['exit_code', 'signal', 'reason'],
  queue: ['queue'],
  command: ['command'],
};

export async function groupJobs(
  connection: Connection,
  selection: Selection,
  by: GroupBy,
  limit: number,
): Promise<JobGroup[]> {
  const { sql, values } = selectionOf(selection, Date.now());
  const columns = COLUMNS[by].join(', ');
  // With one max() the bare columns are those of the row that has it: SQLite promises so.
  const text = `
    SELECT ${columns}, count(*) AS jobs, max(updated_at) AS last_at, coalesce(id, seq) AS example FROM jobs
    WHERE ${sql} GROUP BY ${columns} ORDER BY jobs DESC, last_at DESC LIMIT ?`;
  return connection.whenUnlocked(() =>
    connection
      .onceSql(text)
      .all(...values, limit)
      .map(toGroup),
  );
}

function toGroup(row: Row): JobGroup {
  const text = (name: string): string | null => (row[name] as string | null | undefined) ?? null;
  const exitCode = row['exit_code'] ?? null;
  return {
    exitCode: exitCode === null ? null : Number(exitCode),
    signal: text('signal'),
    reason: text('reason'),
    queue: text('queue'),
    command: text('command'),
    jobs: Number(row['jobs']),
    exampleId: String(row['example']),
    lastAtMs: Number(row['last_at']),
  };
}
