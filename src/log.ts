/** Events here, words there: the parts emit what happened, and every sentence that a worker prints is written below. */
import { formatDuration } from './time.js';

export type LogEvent =
  | { readonly event: 'worker.started'; readonly slot: number; readonly pid: number }
  | { readonly event: 'worker.polling'; readonly slot: number }
  | { readonly event: 'worker.named'; readonly name: string }
  | { readonly event: 'worker.launcher'; readonly launcher: string }
  | { readonly event: 'worker.stopping'; readonly running: number; readonly now: boolean }
  | { readonly event: 'worker.stopped'; readonly slot: number }
  | { readonly event: 'worker.lost_session' }
  | { readonly event: 'worker.cut_off'; readonly leaseMs: number }
  | { readonly event: 'worker.no_deadline' }
  | { readonly event: 'worker.left_paused'; readonly queues: readonly string[]; readonly jobs: number }
  | { readonly event: 'worker.pruned'; readonly jobs: number }
  | { readonly event: 'worker.left_logs'; readonly logs: number }
  | { readonly event: 'worker.refused_logs'; readonly cause: string }
  | { readonly event: 'worker.trouble'; readonly message: string; readonly retryMs: number }
  | {
      readonly event: 'job.claimed';
      readonly slot: number;
      readonly id: string;
      readonly run: number;
      readonly command: string;
    }
  | { readonly event: 'job.completed'; readonly slot: number; readonly id: string }
  | {
      readonly event: 'job.failed';
      readonly slot: number;
      readonly id: string;
      readonly reason: string;
      readonly delayMs: number;
    }
  | { readonly event: 'job.dead'; readonly slot: number; readonly id: string; readonly reason: string }
  | { readonly event: 'job.cancelled'; readonly slot: number; readonly id: string }
  | { readonly event: 'job.given_back'; readonly slot: number; readonly id: string }
  | { readonly event: 'job.disowned'; readonly slot: number; readonly id: string }
  | { readonly event: 'job.rescued'; readonly id: string; readonly cause: string; readonly to: string };

type Listener = (event: LogEvent) => void;

let listener: Listener | null = null;

/** Where events go from now on; null: nowhere. */
export function listen(next: Listener | null): void {
  listener = next;
}

export function emit(event: LogEvent): void {
  listener?.(event);
}

/** The event in a person's words. The original's sentences are kept to the letter. */
export function sentence(event: LogEvent): string {
  switch (event.event) {
    case 'worker.started':
      return `[Worker ${event.slot}] Starting up (PID: ${event.pid})...`;
    case 'worker.polling':
      return `[Worker ${event.slot}] Polling for jobs...`;
    case 'worker.named':
      return `name: ${event.name}`;
    case 'worker.launcher':
      return `launcher: ${event.launcher}`;
    case 'worker.stopping':
      return event.now
        ? `Ending ${jobs(event.running)} now, to be run again...`
        : `Shutting down: finishing ${jobs(event.running)}, then exiting (once more to end them now)...`;
    case 'worker.stopped':
      return `[Worker ${event.slot}] Stopped.`;
    case 'worker.lost_session':
      return 'This worker was given up by the others; its jobs were ended and it starts afresh.';
    case 'worker.cut_off':
      return `Cut off from the database for most of its lease (${formatDuration(event.leaseMs)}): what runs is ended, and runs again.`;
    case 'worker.no_deadline':
      return 'Without the native launcher, a job may run twice at once if this worker is stopped for longer than its lease.';
    case 'worker.left_paused':
      return `Nothing is left to do but ${count(event.jobs, 'job')} in paused queues (${event.queues.join(', ')}).`;
    case 'worker.pruned':
      return `Removed ${count(event.jobs, 'job')} that ended longer ago than jobs are kept.`;
    case 'worker.left_logs':
      return `${count(event.logs, 'log')} could not be sent to the database; the next worker of this home sends what is left.`;
    case 'worker.refused_logs':
      return `The database does not take what some jobs printed: ${event.cause}. It stays here for the next worker of this home.`;
    case 'worker.trouble':
      return `The queue is in trouble: ${event.message}. Trying again in ${formatDuration(event.retryMs)}.`;
    case 'job.claimed':
      return `[Worker ${event.slot}] Claimed job ${event.id}: ${event.command}`;
    case 'job.completed':
      return `[Worker ${event.slot}] Job ${event.id} completed successfully.`;
    case 'job.failed':
      return `[Worker ${event.slot}] Job ${event.id} failed: ${event.reason}. Next try in ${formatDuration(event.delayMs)}.`;
    case 'job.dead':
      return `[Worker ${event.slot}] Job ${event.id} moved to the dead letter queue: ${event.reason}.`;
    case 'job.cancelled':
      return `[Worker ${event.slot}] Job ${event.id} cancelled.`;
    case 'job.given_back':
      return `[Worker ${event.slot}] Job ${event.id} given back.`;
    case 'job.disowned':
      return `[Worker ${event.slot}] Job ${event.id} is no longer ours; its end was not recorded.`;
    case 'job.rescued':
      return `Rescued job ${event.id} (${event.cause}): now ${event.to}.`;
  }
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function jobs(count: number): string {
  return count === 1 ? '1 running job' : `${count} running jobs`;
}
