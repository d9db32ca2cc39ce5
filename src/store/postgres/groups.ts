/** Jobs by what they have in common. */
import type { GroupBy, JobGroup, Selection } from '../../job/selection.js';
import type { Row } from '../rows/row.js';
import type { Connection } from './connection.js';
import { selectionOf } from './select.js';
import { numbered } from './where.js';

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
  const { sql, values } = selectionOf(selection);
  const columns = COLUMNS[by].join(', ');
  const text = numbered(`
    SELECT g.*, last[1] AS last_at,
      coalesce((SELECT j.id FROM queuectl.jobs j WHERE j.seq = last[2]), last[2]::text) AS example
    FROM (
      SELECT ${columns}, count(*) AS jobs, max(ARRAY[updated_at, seq]) AS last FROM queuectl.jobs
      WHERE ${sql} GROUP BY ${columns} ORDER BY jobs DESC, last DESC LIMIT ?::bigint
    ) g ORDER BY jobs DESC, last DESC`);
  return (await connection.once(text, ...values, limit)).map(toGroup);
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
