/** How processes wake each other. */
export interface Bell {
  /** Wakes every waiting session of this store, in all processes. Never throws: the poll is the fallback. */
  ring(): void;
  /** Calls back after each ring until the signal aborts; `areJobs`: it is known to tell of new jobs. */
  onRing(callback: (areJobs: boolean) => void, signal: AbortSignal): void;
}
