/** A run in a worker's hands: from when it got a slot, or a place in the launcher's queue, until its end is stored. */
import { isSameCancel } from '../job/cancel.js';
import type { PendingCancel } from '../job/cancel.js';
import type { ProcessingJob } from '../job/job.js';
import { signalNumber, Stopper } from '../launcher/stop.js';
import type { EndedRun } from './run-job.js';

/** A job that was claimed and has not been given to a launcher. */
export interface Waiting {
  readonly job: ProcessingJob;
  readonly claimedAt: number;
}

export interface SlotRun {
  /** 0 while the run waits in the launcher; it stays what it was once the run has ended. */
  slot: number;
  holdsSlot: boolean;
  readonly job: ProcessingJob;
  readonly claimedAt: number;
  readonly stopper: Stopper;
  /** Why the run was first told to end. */
  stoppedFor: 'cancelled' | 'given_back' | null;
  /** The cancel that the run was last told of. */
  cancel: PendingCancel | null;
  /** Set once the process has ended. */
  finished: EndedRun | null;
  startedAt: number;
  endedAt: number;
}

export function newSlotRun(job: ProcessingJob, claimedAt: number): SlotRun {
  return {
    slot: 0,
    holdsSlot: false,
    job,
    claimedAt,
    stopper: new Stopper(),
    stoppedFor: null,
    cancel: null,
    finished: null,
    startedAt: performance.now(),
    endedAt: 0,
  };
}

/** So that the job can be given back, or because it is no longer ours. */
export function stopWithin(run: SlotRun, graceMs: number): void {
  run.stoppedFor ??= 'given_back';
  run.stopper.stop({ graceMs: Math.min(graceMs, run.job.graceMs) });
}

/** Once for each time that somebody asked. */
export function stopAsAsked(run: SlotRun, cancel: PendingCancel): void {
  if (run.finished !== null || isSameCancel(run.cancel, cancel)) return;
  run.cancel = cancel;
  run.stoppedFor ??= 'cancelled';
  run.stopper.stop({ signal: signalNumber(cancel.signal), graceMs: cancel.graceMs });
}

/** What to tell the store of those that have ended. */
export function endsOf(runs: Iterable<SlotRun>): EndedRun[] {
  const now = performance.now();
  const ends: EndedRun[] = [];
  for (const { finished, startedAt } of runs) {
    if (finished === null) continue;
    finished.startedMsAgo = now - startedAt;
    ends.push(finished);
  }
  return ends;
}
