import { workText } from '../job/command.js';
import type { Transition } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import { emit } from '../log.js';

/** Says in the worker's log that its slots wait for jobs. */
export function announceStart(slots: number, launcher: string | undefined): void {
  if (launcher !== undefined) emit({ event: 'worker.launcher', launcher });
  for (let slot = 1; slot <= slots; slot++) emit({ event: 'worker.started', slot, pid: process.pid });
  for (let slot = 1; slot <= slots; slot++) emit({ event: 'worker.polling', slot });
}

export function announceEnd(slots: number): void {
  for (let slot = 1; slot <= slots; slot++) emit({ event: 'worker.stopped', slot });
}

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
