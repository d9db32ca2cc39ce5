/** How jobs that ended long ago are removed, step by step. */
import type { FinalState } from '../job/state.js';

/** Jobs in these states that ended before this time. */
export interface PruneSelection {
  readonly states: readonly FinalState[];
  readonly endedBeforeMs: number;
}

/** Jobs that are gone, and whose logs are to be removed. */
export interface Pruned {
  readonly note: string;
  readonly seqs: readonly number[];
}

export interface PruneStore {
  /**
   * Removes at most `limit` of these jobs with their runs, the oldest first, and notes whose logs are to go. Null: there
   * are none.
   */
  pruneJobs(selection: PruneSelection, limit: number): Promise<Pruned | null>;
  countPrunable(selection: PruneSelection): Promise<number>;
  /** What `pruneJobs` noted and nobody has forgotten: its logs may still be there. */
  listPruned(): Promise<Pruned[]>;
  forgetPruned(note: string): Promise<void>;
  /**
   * Once an hour, for one caller: the time by which ages are to be measured. Null for all others. From one round to the next
   * it grows by a day at most, so that a clock that was set forward removes little.
   */
  beginPruneRound(): Promise<number | null>;
  /** Keeps what the store writes before its tables short; does nothing nearly always, and never waits. */
  boundLog(): Promise<void>;
}
