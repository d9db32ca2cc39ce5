/** A change of one job, as a program wants it: the job, null where there is none, or the refusal. */
import type { Cancel } from '../../../src/job/cancel.js';
import type { Change } from '../../../src/job/change.js';
import type { Job } from '../../../src/job/job.js';
import type { State } from '../../../src/job/state.js';
import type { Store } from '../../../src/store/store.js';

export async function changeJob(store: Store, id: string, change: Change): Promise<Job | null> {
  const [changed] = (await store.changeJobs({ ids: [id] }, change)).jobs;
  if (changed?.outcome === 'refused') throw changed.error;
  return changed?.outcome === 'changed' ? changed.job : null;
}

export async function cancelJob(store: Store, id: string, cancel: Cancel): Promise<Job | null> {
  return changeJob(store, id, { kind: 'cancel', cancel });
}

export async function retryJob(store: Store, id: string, from: readonly State[]): Promise<Job | null> {
  return changeJob(store, id, { kind: 'retry', from, delayMs: 0 });
}
