import { crashDelayMs, retryDelayMs } from './backoff.js';
import type { Backoff, OutcomeKind } from './job.js';
import type { Outcome } from './outcome.js';

/** A job is dead once this many workers died while they ran it. */
export const MAX_CRASHES = 5;

/** The change that ends a run. Only `decide` makes one, so that no caller can build an impossible change. */
export type Transition =
  | { readonly to: 'completed' }
  | { readonly to: 'failed'; readonly attempts: number; readonly delayMs: number; readonly reason: string }
  | { readonly to: 'dead'; readonly attempts: number; readonly crashes: number; readonly reason: string }
  /** Where a count is missing, it stays as it is. */
  | { readonly to: 'cancelled'; readonly attempts?: number; readonly crashes?: number }
  | { readonly to: 'pending' | 'scheduled'; readonly crashes: number; readonly delayMs: number };

/** What `decide` looks at. */
export interface Decidable {
  readonly attempts: number;
  readonly maxRetries: number;
  readonly crashes: number;
  readonly backoff: Backoff;
  /** A job of `queuectl run` belongs to its process and is not rerun by others when that process dies. */
  readonly attached: boolean;
}

/** The whole retry and dead-letter policy. Pure; `random` is in [0, 1). */
export function decide(job: Decidable, outcome: Outcome, random: number): Transition {
  switch (outcome.kind) {
    case 'success':
      return { to: 'completed' };
    case 'cancelled':
      return { to: 'cancelled' };
    case 'failure':
    case 'timeout':
      return afterFailure(job, outcome.reason, random);
    case 'given_back':
      return waitOrReady(job.crashes, outcome.delayMs);
    case 'lost':
      return afterLoss(job, outcome.cause, random);
  }
}

/**
 * What becomes of a run's end where a person has asked for the end of the job: nothing follows it. A run that ended
 * the job by itself, in good time, has done so; one that was lost has not.
 */
export function heedCancel(transition: Transition, outcome: OutcomeKind): Transition {
  switch (transition.to) {
    case 'completed':
    case 'cancelled':
      return transition;
    case 'dead':
      return outcome === 'lost'
        ? { to: 'cancelled', attempts: transition.attempts, crashes: transition.crashes }
        : transition;
    case 'failed':
      return { to: 'cancelled', attempts: transition.attempts };
    case 'pending':
    case 'scheduled':
      return { to: 'cancelled', crashes: transition.crashes };
  }
}

function afterFailure(job: Decidable, reason: string, random: number): Transition {
  const attempts = job.attempts + 1;
  if (attempts >= job.maxRetries) return { to: 'dead', attempts, crashes: job.crashes, reason };
  return { to: 'failed', attempts, delayMs: retryDelayMs(job.backoff, attempts, random), reason };
}

function afterLoss(job: Decidable, cause: 'crash' | 'reboot' | 'lease', random: number): Transition {
  const crashes = cause === 'crash' ? job.crashes + 1 : job.crashes;
  if (job.attached) {
    const reason = cause === 'lease' ? 'lost: its process was cut off' : 'lost: its process died';
    return { to: 'dead', attempts: job.attempts, crashes, reason };
  }
  if (cause !== 'crash') return waitOrReady(crashes, 0);
  if (crashes >= MAX_CRASHES) {
    return {
      to: 'dead',
      attempts: job.attempts,
      crashes,
      reason: `poison: ${crashes} workers died running it`,
    };
  }
  return waitOrReady(crashes, crashDelayMs(crashes, random));
}

function waitOrReady(crashes: number, delayMs: number): Transition {
  return { to: delayMs > 0 ? 'scheduled' : 'pending', crashes, delayMs };
}
