import { DAY, MINUTE, SECOND } from '../time.js';
import type { Backoff } from './job.js';

/** No wait is longer, whatever the base and the number of attempts. */
export const LONGEST_DELAY_MS = 365 * DAY;

/**
 * The wait before the retry that follows failure number `attempts`: base ^ attempts seconds, capped by
 * `maxMs`; `jitter` lets chance take away up to that part of it. `random` is in [0, 1).
 */
export function retryDelayMs(backoff: Backoff, attempts: number, random: number): number {
  const cap = Math.min(backoff.maxMs ?? LONGEST_DELAY_MS, LONGEST_DELAY_MS);
  const delayMs = Math.min(Math.pow(backoff.base, attempts) * SECOND, cap);
  return Math.round(delayMs * (1 - backoff.jitter * random));
}

/**
 * The wait before the rerun that follows crash number `crashes`: 1 s, doubling, with full jitter, so that
 * the neighbours of a job that kills its worker part from it.
 */
export function crashDelayMs(crashes: number, random: number): number {
  return Math.round(Math.min(SECOND * 2 ** (crashes - 1), LONGEST_DELAY_MS) * random);
}

/** The wait after the machine refused a process for the nth time in a row: 1 s, doubling to 60 s. */
export function troubleDelayMs(troubles: number): number {
  return Math.min(SECOND * 2 ** (troubles - 1), MINUTE);
}
