/** A run in a worker's hands: from when it got a slot, or a place in the launcher's queue, until its end is stored. */
import type { PendingCancel } from '../job/cancel.js';
import type { ProcessingJob } from '../job/job.js';
import { Stopper } from '../launcher/stop.js';
import type { RunKey } from '../store/store.js';
import type { EndedRun } from './run-job.js';

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
  /** The store gave the job to somebody else: the end of this run must not be reported. */
  disowned: boolean;
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
    disowned: false,
  };
}

export function keyOf({ seq, run }: RunKey): string {
  return `${seq}.${run}`;
}

export function isRun(job: RunKey, key: RunKey): boolean {
  return job.seq === key.seq && job.run === key.run;
}

/** So that the job can be given back, or because it is no longer ours. */
export function stopWithin(run: SlotRun, graceMs: number): void {
  run.stoppedFor ??= 'given_back';
  run.stopper.stop({ graceMs: Math.min(graceMs, run.job.graceMs) });
}
