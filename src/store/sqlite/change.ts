/** What persons do to jobs: any number of them in one transaction, each by itself done or refused. */
import { failpoint } from '../../failpoint.js';
import type { Change, ChangeTargets, SelectedJobs } from '../../job/change.js';
import type { Job } from '../../job/job.js';
import { planChanges } from '../rows/change-plan.js';
import type { Found } from '../rows/change-plan.js';
import type { Changed } from '../store.js';
import type { Connection } from './connection.js';
import { findRow } from './jobs.js';
import { noteRemoved } from './remove.js';
import { selectionOf } from './select.js';
import { writeRows } from './write-rows.js';

export async function changeJobs(
  connection: Connection,
  targets: ChangeTargets,
  change: Change,
): Promise<Changed> {
  const changed = await connection.write(() => {
    const now = Date.now();
    const found = 'ids' in targets ? byIds(connection, targets.ids) : bySeqs(connection, targets, now);
    const { jobs, changed: done, writes } = planChanges(found, change, now);
    writeRows(connection, writes);
    noteAct(connection, change, done, now);
    const seqs = done.map(({ seq }) => seq);
    const left = change.kind === 'remove' ? noteRemoved(connection, seqs) : null;
    failpoint(`${change.kind}.before_commit`);
    return { jobs, left };
  });
  failpoint(`${change.kind}.after_commit`);
  return changed;
}

function byIds(connection: Connection, ids: readonly string[]): Found[] {
  return ids.map((id) => [id, findRow(connection, id)]);
}

/** Again by the filter, now that nobody else writes: what has changed meanwhile is left out. */
function bySeqs(connection: Connection, { seqs, selection }: SelectedJobs, now: number): Found[] {
  const { sql, values } = selectionOf(selection, now);
  const rows = connection
    .onceSql(`SELECT * FROM jobs WHERE seq IN (SELECT value FROM json_each(?)) AND ${sql} ORDER BY seq`)
    .all(JSON.stringify(seqs), ...values);
  return rows.map((row) => [String(row['id'] ?? row['seq']), row]);
}

/**
 * For `events`: a row for each transaction, since a person may act on a million jobs. The cancel of a job that waits is
 * told by its end.
 */
function noteAct(connection: Connection, { kind }: Change, jobs: readonly Job[], now: number): void {
  const acted = kind === 'cancel' ? jobs.filter(({ state }) => state === 'processing') : jobs;
  if (acted.length === 0) return;
  const seqs = JSON.stringify(acted.map(({ seq }) => seq));
  connection.sql('INSERT INTO acts (at, kind, seqs) VALUES (?, ?, ?)').run(now, kind, seqs);
}
