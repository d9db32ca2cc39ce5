/** What a store tells of the whole queue, for people who look at it. Part of the interface of every store. */
import type { Lane } from '../job/lane.js';
import type { EndedJob } from '../job/stats.js';
import type { FinalState, State } from '../job/state.js';
import type { Job, Run } from '../job/job.js';

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

/** A job at one moment, as events need it. */
export interface JobMoment {
  readonly seq: number;
  readonly id: string;
  readonly queue: string;
  readonly state: State;
  readonly run: number;
  readonly sessionId: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly runAtMs: number;
  /** Of its latest run, as are the others. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly reason: string | null;
}

/** A run that has ended. */
export interface RunMoment extends Omit<Run, 'usage' | 'outputBytes' | 'output' | 'result'> {
  readonly sessionId: number;
}

/** What a person did to jobs, as one transaction. */
export interface Act {
  readonly atMs: number;
  readonly kind: string;
  /** The queue is null where the job is gone. */
  readonly jobs: readonly { readonly seq: number; readonly id: string; readonly queue: string | null }[];
}

/** Numbers of jobs that nobody was seen to have, and whose transactions may still commit. */
export interface SeqGap {
  readonly from: number;
  readonly to: number;
  readonly sinceMs: number;
  /** Once all transactions before this one are over, the numbers stay unused. Null: not known yet. */
  readonly until: number | null;
}

/** Up to where somebody has seen what happened. */
export interface ChangeCursor {
  readonly seq: number;
  /** Before `seq`; of a store where a later number may commit first. */
  readonly gaps?: readonly SeqGap[];
  readonly act: number;
  readonly ended: Readonly<Record<FinalState, EndedPlace>>;
}

export interface Changes {
  /** New jobs, in their order. */
  readonly created: readonly JobMoment[];
  /** Jobs that are over now; those of the last millisecond that was seen come again. */
  readonly ended: readonly JobMoment[];
  /** Every job that a session owns now. */
  readonly owned: readonly JobMoment[];
  /** Every job that waits for its retry; null: there are too many to look at them all. */
  readonly failed: readonly JobMoment[] | null;
  readonly acts: readonly Act[];
  readonly next: ChangeCursor;
  /** There is more behind `next` already. */
  readonly more: boolean;
}

/** A counter that does not say how many jobs there are. */
export interface WrongCounter {
  readonly queue: string;
  readonly state: State;
  readonly counted: number;
  readonly stored: number;
}

interface CheckStore {
  /** What is wrong with the database itself, in its own words; `whole`: its indexes against its tables, too. Reads all of it. */
  damages(whole: boolean): Promise<string[]>;
  /** Counts every job; reads all of them. */
  wrongCounters(): Promise<WrongCounter[]>;
  /** Sets the counters to what there is, in one transaction that counts every job. */
  mendCounters(): Promise<void>;
  /** The newest time in the store; null: there is none. */
  newestTimeMs(): Promise<number | null>;
  /** How large the file is that is written before the tables. */
  logBytes(): Promise<number>;
}

export interface OverviewStore extends CheckStore {
  /**
   * Jobs that ended in this state since then, the newest first, behind the place or from the newest on. Costs what it
   * returns.
   */
  listEnded(state: FinalState, sinceMs: number, after: EndedPlace | null, limit: number): Promise<EndedJob[]>;
  /** Costs a few look-ups for each lane, however many jobs it has; at most 1,000 lanes. In the order of their names. */
  readyLanes(): Promise<ReadyLane[]>;
  /** How many pending jobs of its queue and handler a claim takes before this pending one; counts no more than `most`. */
  countAhead(job: Job, most: number): Promise<number>;
  /**
   * Another number after each commit of another process, so that whoever watches need not read anything else. Throws
   * `store_lost` as `outlook` does.
   */
  changeMark(): Promise<number>;
  /** Where that begins which has happened since then; null: which happens from now on. */
  beginChanges(sinceMs: number | null): Promise<ChangeCursor>;
  /**
   * What has changed behind the cursor, at most a few thousand jobs of it. Costs that, what runs, and what waits for a
   * retry, however many jobs there are.
   */
  changes(cursor: ChangeCursor): Promise<Changes>;
  /** Those that are still stored. */
  findJobs(seqs: readonly number[]): Promise<JobMoment[]>;
  /** The ended runs of each job behind that run, in their order. */
  runsAfter(runs: readonly { readonly seq: number; readonly run: number }[]): Promise<RunMoment[]>;
  /** Forgets what persons did before then, at most so many acts; how many they were. */
  forgetActs(beforeMs: number, limit: number): Promise<number>;
  /**
   * Of these lanes those that no living worker serves. Missing: of all with jobs that are ready, or due within a minute;
   * without those of paused queues. A worker that was asked to stop serves none.
   */
  unservedLanes(lanes?: readonly Lane[]): Promise<Lane[]>;
}
