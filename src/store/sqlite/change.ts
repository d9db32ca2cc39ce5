/** What persons do to jobs: any number of them in one transaction, each by itself done or refused. */
import { QueueError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import type { Change } from '../../job/change.js';
import { statesOfChange, wrongState } from '../../job/change.js';
import type { Job } from '../../job/job.js';
import type { ChangedJob } from '../../job/change.js';
import type { Changed } from '../store.js';
import type { ChangeTargets, SelectedJobs } from '../../job/change.js';
import { cancelRow } from './cancel.js';
import type { Changing } from './changing.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import type { Row } from './driver.js';
import { findRow } from './jobs.js';
import { holdRow, releaseRow } from './hold.js';
import { noteRemoved, removeRow } from './remove.js';
import { retryRow } from './retry.js';
import { toJob } from '../rows/rows.js';
import { selectionOf } from './select.js';
import { setRow } from './set.js';

export async function changeJobs(
  connection: Connection,
  targets: ChangeTargets,
  change: Change,
): Promise<Changed> {
  const changed = await connection.write(() => {
    const changing = { connection, counters: new CounterChanges(), now: Date.now() };
    const found = 'ids' in targets ? byIds(connection, targets.ids) : bySeqs(changing, targets);
    const jobs = found.map(([id, row]): ChangedJob => {
      if (row === undefined) return { id, outcome: 'missing' };
      return changeOne(changing, toJob(row), change);
    });
    const done = jobs.flatMap((result) => (result.outcome === 'changed' ? [result.job] : []));
    noteAct(changing, change, done);
    changing.counters.write(connection);
    const seqs = done.map(({ seq }) => seq);
    const left = change.kind === 'remove' ? noteRemoved(connection, seqs) : null;
    failpoint(`${change.kind}.before_commit`);
    return { jobs, left };
  });
  failpoint(`${change.kind}.after_commit`);
  return changed;
}

type Found = readonly [id: string, row: Row | undefined];

function byIds(connection: Connection, ids: readonly string[]): Found[] {
  return ids.map((id) => [id, findRow(connection, id)]);
}

/** Again by the filter, now that nobody else writes: what has changed meanwhile is left out. */
function bySeqs({ connection, now }: Changing, { seqs, selection }: SelectedJobs): Found[] {
  const { sql, values } = selectionOf(selection, now);
  const rows = connection
    .onceSql(`SELECT * FROM jobs WHERE seq IN (SELECT value FROM json_each(?)) AND ${sql} ORDER BY seq`)
    .all(JSON.stringify(seqs), ...values);
  return rows.map((row) => [String(row['id'] ?? row['seq']), row]);
}

/** A refusal ends nothing but this one; any other error ends the transaction. */
function changeOne(changing: Changing, job: Job, change: Change): ChangedJob {
  const { id } = job;
  try {
    if (!statesOfChange(change).includes(job.state)) throw wrongState(job, change);
    return { id, outcome: 'changed', job: rowChange(changing, job, change) };
  } catch (error) {
    if (error instanceof QueueError && (error.code === 'conflict' || error.code === 'usage'))
      return { id, outcome: 'refused', error };
    throw error;
  }
}

function rowChange(changing: Changing, job: Job, change: Change): Job {
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
function noteAct({ connection, now }: Changing, { kind }: Change, jobs: readonly Job[]): void {
  const acted = kind === 'cancel' ? jobs.filter(({ state }) => state === 'processing') : jobs;
  if (acted.length === 0) return;
  const seqs = JSON.stringify(acted.map(({ seq }) => seq));
  connection.sql('INSERT INTO acts (at, kind, seqs) VALUES (?, ?, ?)').run(now, kind, seqs);
}
