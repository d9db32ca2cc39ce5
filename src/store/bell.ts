/**
 * What a ring is about: new jobs; ends of runs that leave no work to anybody; or anything else, whatever others may have
 * to do about it. Where it is not known, or several were told together, it is the one that asks the most of who hears it.
 */
export type Ring = 'jobs' | 'ends' | 'change';

/** How processes wake each other. */
export interface Bell {
  /** Wakes every waiting session of this store, in all processes. Never throws: the poll is the fallback. */
  ring(about?: Ring): void;
  /** Calls back after each ring until the signal aborts. */
  onRing(callback: (about: Ring) => void, signal: AbortSignal): void;
}
