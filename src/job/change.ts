/** What a person does to jobs, checked. Pure. */
import { QueueError } from '../errors.js';
import type { Cancel } from './cancel.js';
import type { Job } from './job.js';
import type { Selection } from './selection.js';
import type { JobSettings } from './settings.js';
import { AT_REST, statesBefore } from './state.js';
import type { State } from './state.js';

export type Change =
  | { readonly kind: 'cancel'; readonly cancel: Cancel }
  /** `from`: a job in another state is refused. */
  | { readonly kind: 'retry'; readonly from: readonly State[]; readonly delayMs: number }
  | { readonly kind: 'remove'; readonly from: readonly State[] }
  | { readonly kind: 'hold' | 'release' }
  | { readonly kind: 'set'; readonly settings: JobSettings };

/** By number, those that are still in the selection when their turn comes. */
export interface SelectedJobs {
  readonly seqs: readonly number[];
  readonly selection: Selection;
}

export type ChangeTargets = SelectedJobs | { readonly ids: readonly string[] };

/** What became of one job: the job as it is now, or before it was removed. */
export type ChangedJob =
  | { readonly id: string; readonly outcome: 'changed'; readonly job: Job }
  | { readonly id: string; readonly outcome: 'missing' }
  /** Its state does not allow it, or the settings do not fit it. */
  | { readonly id: string; readonly outcome: 'refused'; readonly error: QueueError };

/** The states in which a job can be changed so; in any other one it is refused. */
export function statesOfChange(change: Change): readonly State[] {
  switch (change.kind) {
    case 'retry':
      return statesBefore('retry').filter((state) => change.from.includes(state));
    case 'cancel':
    case 'hold':
    case 'release':
      return statesBefore(change.kind);
    case 'remove':
      return AT_REST.filter((state) => change.from.includes(state));
    case 'set':
      return AT_REST;
  }
}

/** What is said of a job whose state does not allow the change. */
export function wrongState({ id, state }: Job, change: Change): QueueError {
  const show = `queuectl show ${id}`;
  if (change.kind === 'cancel')
    return new QueueError('conflict', `job ${id} is ${state} already`, `${show} says how it ended`);
  if (state === 'processing' && (change.kind === 'set' || change.kind === 'remove'))
    return new QueueError('conflict', `job ${id} is ${state}`, `wait for its end, or queuectl cancel ${id}`);
  return new QueueError(
    'conflict',
    `job ${id} is ${state}, not ${statesOfChange(change).join(' or ')}`,
    show,
  );
}

/** The job that a foreground run keeps for its retry is the run's own. */
export function keptByRun(job: Job): QueueError {
  return new QueueError('conflict', `job ${job.id} waits for its retry by "queuectl run"`, 'end that first');
}
