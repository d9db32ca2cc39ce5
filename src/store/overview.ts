/** What a store tells of the whole queue, for people who look at it. Part of the interface of every store. */
import type { EndedJob } from '../job/stats.js';
import type { FinalState } from '../job/state.js';

/** Ready jobs that only a worker of this queue with this handler takes. */
export interface ReadyLane {
  readonly queue: string;
  /** '' for commands. */
  readonly handler: string;
  /** Since when its oldest job has been ready; of its first hundred priorities, should there be more. */
  readonly oldestAtMs: number;
}

/** A place among the jobs that are over. */
export interface EndedPlace {
  readonly finishedAtMs: number;
  readonly seq: number;
}

export interface OverviewStore {
  /**
   * Jobs that ended in this state since then, the newest first, behind the place or from the newest on. Costs what it
   * returns.
   */
  listEnded(state: FinalState, sinceMs: number, after: EndedPlace | null, limit: number): Promise<EndedJob[]>;
  /** Costs a few look-ups for each lane, however many jobs it has; at most 1,000 lanes. In the order of their names. */
  readyLanes(): Promise<ReadyLane[]>;
  /**
   * Another number after each commit of another process, so that whoever watches need not read anything else. Throws
   * `store_lost` as `outlook` does.
   */
  changeMark(): Promise<number>;
}
