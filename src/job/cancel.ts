/** A person's wish that a job end. Pure. */

/** A checked request; see cancel-options.ts. */
export interface Cancel {
  /** "SIGTERM", or the number of one without a name. */
  readonly signal: string;
  /** Null: the job's own. */
  readonly graceMs: number | null;
  readonly reason: string;
}

/** Kept with a job that runs until its end is known. */
export interface PendingCancel extends Cancel {
  readonly atMs: number;
  readonly graceMs: number;
}

/** A second cancel can only bring the end nearer: it says when, and the first one how and why. */
export function hastened(first: PendingCancel, second: PendingCancel): PendingCancel {
  const isSooner = second.atMs + second.graceMs < first.atMs + first.graceMs;
  return isSooner ? { ...first, atMs: second.atMs, graceMs: second.graceMs } : first;
}

/** Whoever hears of a cancel again and again acts on each once. */
export function isSameCancel(one: PendingCancel | null, other: PendingCancel): boolean {
  return one?.atMs === other.atMs && one.graceMs === other.graceMs;
}
