/** What persons do to jobs: any number of them in one transaction, each by itself done or refused. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import type { Change } from '../../job/change.js';
import { statesOfChange, wrongState } from '../../job/change.js';
import type { Job } from '../../job/job.js';
import type { ChangedJob, ChangeTargets, SelectedJobs } from '../../job/change.js';
import type { Changed } from '../store.js';
import type { Row } from '../rows/row.js';
import { toJob } from '../rows/rows.js';
import { plainArray } from './arrays.js';
import { cancelRow } from './cancel.js';
import type { Changing } from './changing.js';
import type { Connection, Transaction } from './connection.js';
import { CounterChanges } from './counters.js';
import { findRows } from './jobs.js';
import { NOW_MS } from './now.js';
import { holdRow, releaseRow } from './hold.js';
import { noteRemoved, removeRow } from './remove.js';
import { retryRow } from './retry.js';
import { selectionOf } from './select.js';
import { setRow } from './set.js';
import { numbered } from './where.js';

export async function changeJobs(
  connection: Connection,
  targets: ChangeTargets,
  change: Change,
): Promise<Changed> {
  const changed = await connection.write(async (transaction) => {
    const [clock] = await transaction.rows(`SELECT ${NOW_MS} AS now`);
    const changing = { transaction, counters: new CounterChanges(), now: Number(clock?.['now']) };
    const found =
      'ids' in targets ? await findRows(transaction, targets.ids) : await bySeqs(transaction, targets);
    const jobs: ChangedJob[] = [];
    for (const [id, row] of found)
      jobs.push(
        row === undefined ? { id, outcome: 'missing' } : await changeOne(changing, toJob(row), change),
      );
    const done = jobs.flatMap((result) => (result.outcome === 'changed' ? [result.job] : []));
    await noteAct(changing, change, done);
    const seqs = done.map(({ seq }) => seq);
    const left = change.kind === 'remove' ? await noteRemoved(transaction, seqs) : null;
    await changing.counters.write(transaction);
    failpoint(`${change.kind}.before_commit`);
    return { jobs, left };
  });
  failpoint(`${change.kind}.after_commit`);
  return changed;
}

type Found = readonly [id: string, row: Row | undefined];

/** Again by the filter, now that nobody else writes to them: what has changed meanwhile is left out. */
async function bySeqs(transaction: Transaction, { seqs, selection }: SelectedJobs): Promise<Found[]> {
  const { sql, values } = selectionOf(selection);
  const text = numbered(
    `SELECT * FROM queuectl.jobs WHERE seq = ANY (?::bigint[]) AND ${sql} ORDER BY seq FOR UPDATE`,
  );
  const rows = await transaction.once(text, plainArray(seqs), ...values);
  return rows.map((row) => [String(row['id'] ?? row['seq']), row]);
}

/** A refusal ends nothing but this one; any other error ends the transaction. */
async function changeOne(changing: Changing, job: Job, change: Change): Promise<ChangedJob> {
  const { id } = job;
  try {
    if (!statesOfChange(change).includes(job.state)) throw wrongState(job, change);
    return { id, outcome: 'changed', job: await rowChange(changing, job, change) };
  } catch (error) {
    if (error instanceof QueueError && (error.code === 'conflict' || error.code === 'usage'))
      return { id, outcome: 'refused', error };
    throw error;
  }
}

async function rowChange(changing: Changing, job: Job, change: Change): Promise<Job> {
  switch (change.kind) {
    case 'cancel':
      return cancelRow(changing, job, change.cancel);
    case 'retry':
      return retryRow(changing, job, change.delayMs);
    case 'hold':
      return holdRow(changing, job);
    case 'release':
      return releaseRow(changing, job);
    case 'set':
      return setRow(changing, job, change.settings);
    case 'remove':
      return removeRow(changing, job);
  }
}

/**
 * For `events`: a row for each transaction, since a person may act on a million jobs. The cancel of a job that waits is
 * told by its end.
 */
async function noteAct(
  { transaction, now }: Changing,
  { kind }: Change,
  jobs: readonly Job[],
): Promise<void> {
  const acted = kind === 'cancel' ? jobs.filter(({ state }) => state === 'processing') : jobs;
  if (acted.length === 0) return;
  const seqs = JSON.stringify(acted.map(({ seq }) => seq));
  await transaction.rows('INSERT INTO queuectl.acts (at, kind, seqs) VALUES ($1, $2, $3)', now, kind, seqs);
}
