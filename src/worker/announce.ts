import { workText } from '../job/command.js';
import type { Transition } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import { emit } from '../log.js';

/** Says in the worker's log that a slot has taken a job. */
export function announceClaim(slot: number, job: ProcessingJob): void {
  emit({ event: 'job.claimed', slot, id: job.id, run: job.run, command: workText(job) });
}

/** Says in the worker's log how a run ended, once the store knows it. */
export function announceFinish(slot: number, id: string, transition: Transition): void {
  switch (transition.to) {
    case 'completed':
      return emit({ event: 'job.completed', slot, id });
    case 'failed':
      return emit({ event: 'job.failed', slot, id, reason: transition.reason, delayMs: transition.delayMs });
    case 'dead':
      return emit({ event: 'job.dead', slot, id, reason: transition.reason });
    case 'cancelled':
      return emit({ event: 'job.cancelled', slot, id });
    case 'pending':
    case 'scheduled':
      return emit({ event: 'job.given_back', slot, id });
  }
}
