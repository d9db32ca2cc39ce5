/** Leases: how long a session may be silent before others, who cannot ask its kernel, take its jobs. */
import type { Deadline } from '../boot-clock.js';

/**
 * `renewed`: there is a new deadline; `anew`: the same over a new connection, perhaps to a server that knows less than the one
 * before; `lost`: others have given up the session.
 */
export type LeaseChange = 'renewed' | 'anew' | 'lost';

export interface Lease {
  readonly durationMs: number;
  /** What holds now, counted from the last beat that was answered. */
  readonly deadline: Deadline;
  /** Until the signal aborts. */
  onChange(callback: (change: LeaseChange) => void, signal: AbortSignal): void;
}

export interface LeaseStore {
  /** Until when the jobs of an open session may go on; null: as long as its process lives, which a lock tells. */
  leaseOf(session: { readonly id: number }): Lease | null;
  /** Ends a session that has a lease without a word to the store: others take what it had once the lease is over. */
  leaveSession(session: { readonly id: number }): void;
}

export const LEASE_MS = 30_000;

/** What a session does within its lease. */
export interface LeaseTimes {
  readonly beatEveryMs: number;
  /** A beat that is not answered so soon is given up. */
  readonly answerWithinMs: number;
  readonly termAfterMs: number;
  readonly killAfterMs: number;
}

const LEAST_MARGIN_MS = 250;
const MOST_MS = 10_000;

/**
 * Of 30 s: a beat every 5 s, TERM after 23 s, KILL after 28 s. The margin at the end is for clocks that do not go at the
 * same speed, and for the kill itself.
 */
export function leaseTimes(leaseMs: number): LeaseTimes {
  const beatEveryMs = leaseMs / 6;
  const marginMs = Math.min(MOST_MS, Math.max(LEAST_MARGIN_MS, leaseMs / 15));
  const killAfterMs = Math.floor(leaseMs - marginMs);
  const termAfterMs = Math.floor(killAfterMs - Math.min(MOST_MS, leaseMs / 6));
  return { beatEveryMs, answerWithinMs: Math.min(MOST_MS, beatEveryMs), termAfterMs, killAfterMs };
}
