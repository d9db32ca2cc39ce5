/** One run of a worker, from its hand-over to the launcher until the store has taken its end. */
import type { PendingCancel } from '../job/cancel.js';
import type { ProcessingJob } from '../job/job.js';
import { Stopper } from '../launcher/stop.js';
import type { RunKey } from '../store/store.js';
import type { EndedRun } from './run-job.js';

export interface Occupied {
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

export function occupy(job: ProcessingJob, claimedAt: number): Occupied {
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

/** So that the job can be given back, or because it is no longer ours. */
export function stopWithin(run: Occupied, graceMs: number): void {
  run.stoppedFor ??= 'given_back';
  run.stopper.stop({ graceMs: Math.min(graceMs, run.job.graceMs) });
}
