import { QueueError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import type { Transaction } from './connection.js';
import type { CounterChanges } from './counters.js';

/** What a person's change of one job needs beside it. */
export interface Changing {
  readonly transaction: Transaction;
  readonly counters: CounterChanges;
  readonly now: number;
}

/** The job that a foreground run keeps for its retry is the run's own. */
export function keptByRun(job: Job): QueueError {
  return new QueueError('conflict', `job ${job.id} waits for its retry by "queuectl run"`, 'end that first');
}
