/** What persons do to jobs: any number of them in one transaction, each by itself done or refused. */
import { failpoint } from '../../failpoint.js';
import type { Change, ChangeTargets, SelectedJobs } from '../../job/change.js';
import type { Job } from '../../job/job.js';
import { planChanges } from '../rows/change-plan.js';
import type { Found } from '../rows/change-plan.js';
import type { Changed } from '../store.js';
import { plainArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';
import { findRows } from './jobs.js';
import { NOW_MS } from './now.js';
import { noteRemoved } from './remove.js';
import { selectionOf } from './select.js';
import { numbered } from './where.js';
import { writeRows } from './write-rows.js';

export async function changeJobs(
  connection: Connection,
  targets: ChangeTargets,
  change: Change,
): Promise<Changed> {
  const changed = await connection.write(async (transaction) => {
    const [clock] = await transaction.rows(`SELECT ${NOW_MS} AS now`);
    const now = Number(clock?.['now']);
    const found =
      'ids' in targets ? await findRows(transaction, targets.ids) : await bySeqs(transaction, targets);
    const { jobs, changed: done, writes } = planChanges(found, change, now);
    await writeRows(transaction, writes);
    await noteAct(transaction, change, done, now);
    const seqs = done.map(({ seq }) => seq);
    const left = change.kind === 'remove' ? await noteRemoved(transaction, seqs) : null;
    failpoint(`${change.kind}.before_commit`);
    return { jobs, left };
  });
  failpoint(`${change.kind}.after_commit`);
  return changed;
}

/** Again by the filter, now that nobody else writes to them: what has changed meanwhile is left out. */
async function bySeqs(transaction: Transaction, { seqs, selection }: SelectedJobs): Promise<Found[]> {
  const { sql, values } = selectionOf(selection);
  const text = numbered(
    `SELECT * FROM queuectl.jobs WHERE seq = ANY (?::bigint[]) AND ${sql} ORDER BY seq FOR UPDATE`,
  );
  const rows = await transaction.once(text, plainArray(seqs), ...values);
  return rows.map((row) => [String(row['id'] ?? row['seq']), row]);
}

/**
 * For `events`: a row for each transaction, since a person may act on a million jobs. The cancel of a job that waits is
 * told by its end.
 */
async function noteAct(
  transaction: Transaction,
  { kind }: Change,
  jobs: readonly Job[],
  now: number,
): Promise<void> {
  const acted = kind === 'cancel' ? jobs.filter(({ state }) => state === 'processing') : jobs;
  if (acted.length === 0) return;
  const seqs = JSON.stringify(acted.map(({ seq }) => seq));
  await transaction.rows('INSERT INTO queuectl.acts (at, kind, seqs) VALUES ($1, $2, $3)', now, kind, seqs);
}
