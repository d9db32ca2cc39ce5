/**
 * What a person's change makes of jobs, decided from their rows while nobody else can change them: under the write lock of
 * SQLite, or the locks of the rows. Nothing is written here; both stores write the same. Pure.
 */
import { QueueError } from '../../errors.js';
import { hastened } from '../../job/cancel.js';
import type { Cancel, PendingCancel } from '../../job/cancel.js';
import { keptByRun, statesOfChange, wrongState } from '../../job/change.js';
import type { Change, ChangedJob } from '../../job/change.js';
import type { Job } from '../../job/job.js';
import type { Row } from './row.js';
import { cancelText, toJob } from './rows.js';
import { withNewSettings } from './settings-plan.js';

/** The columns that a change of a job's state writes. */
export const STATE_COLUMNS = [
  'state',
  'run_at',
  'attempts',
  'crashes',
  'session_id',
  'updated_at',
  'finished_at',
  'reason',
  'cancel',
] as const;

/** One row: as it was read, and as it is to be. `tags` where they change, too. */
export type RowWrite =
  | { readonly kind: 'state'; readonly was: Job; readonly row: Row }
  | {
      readonly kind: 'settings';
      readonly was: Job;
      readonly row: Row;
      readonly tags: readonly string[] | null;
    }
  | { readonly kind: 'removal'; readonly was: Job };

export interface ChangePlan {
  /** In the order of what was found. */
  readonly jobs: ChangedJob[];
  /** Those that were changed, each once. */
  readonly changed: Job[];
  /** A cancel that brings no end nearer needs none. */
  readonly writes: RowWrite[];
}

/** A name, and the row that it stands for. */
export type Found = readonly [id: string, row: Row | undefined];

export function planChanges(found: readonly Found[], change: Change, nowMs: number): ChangePlan {
  const writes = new Map<number, RowWrite | null>();
  const changed: Job[] = [];
  const jobs = found.map(([id, row]): ChangedJob => {
    if (row === undefined) return { id, outcome: 'missing' };
    const seq = Number(row['seq']);
    const earlier = writes.get(seq);
    // One that is named again is as it was left the first time.
    if (earlier?.kind === 'removal') return { id, outcome: 'missing' };
    const now = earlier?.row ?? row;
    const job = toJob(now);
    try {
      const write = planOne(job, now, change, nowMs);
      const after = write === null || write.kind === 'removal' ? job : toJob(write.row);
      if (!writes.has(seq)) {
        writes.set(seq, write);
        changed.push(after);
      }
      return { id: job.id, outcome: 'changed', job: after };
    } catch (error) {
      // A refusal ends nothing but this one; any other error ends the transaction.
      if (error instanceof QueueError && (error.code === 'conflict' || error.code === 'usage'))
        return { id: job.id, outcome: 'refused', error };
      throw error;
    }
  });
  return { jobs, changed, writes: [...writes.values()].filter((write) => write !== null) };
}

/** Null: it is as it should be already. */
function planOne(was: Job, row: Row, change: Change, nowMs: number): RowWrite | null {
  if (!statesOfChange(change).includes(was.state)) throw wrongState(was, change);
  const into = (columns: Partial<Record<(typeof STATE_COLUMNS)[number], Row[string]>>): RowWrite => ({
    kind: 'state',
    was,
    row: { ...row, updated_at: nowMs, ...columns },
  });
  if (change.kind === 'cancel') {
    if (was.state === 'processing') return asked(was.cancel, was.graceMs, change.cancel, nowMs, into);
    // The job that a foreground run keeps for its retry is taken from it: its rerun finds no row.
    return into({ state: 'cancelled', session_id: null, finished_at: nowMs, reason: change.cancel.reason });
  }
  if (row['session_id'] !== null) throw keptByRun(was);
  switch (change.kind) {
    case 'hold':
      return into({ state: 'held' });
    case 'release':
      // By its time: one whose time has come is ready.
      return into({ state: was.runAtMs > nowMs ? 'scheduled' : 'pending' });
    case 'retry': {
      const state = change.delayMs > 0 ? 'scheduled' : 'pending';
      // With all its attempts; a failed one keeps what it has.
      const counts = was.state === 'failed' ? {} : { attempts: 0, crashes: 0 };
      return into({ ...counts, state, run_at: Math.round(nowMs + change.delayMs) });
    }
    case 'set':
      return { kind: 'settings', was, ...withNewSettings(was, row, change.settings, nowMs) };
    case 'remove':
      return { kind: 'removal', was };
  }
}

/** Kept with the job until its run has ended: its session hears of it. */
function asked(
  first: PendingCancel | null,
  ownGraceMs: number,
  cancel: Cancel,
  nowMs: number,
  into: (columns: { cancel: string }) => RowWrite,
): RowWrite | null {
  const second = { ...cancel, atMs: nowMs, graceMs: cancel.graceMs ?? ownGraceMs };
  const kept = first === null ? second : hastened(first, second);
  return kept === first ? null : into({ cancel: cancelText(kept) });
}
