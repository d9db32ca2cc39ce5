/** What a store brings to be tested: itself, and the doors that a test needs beside the interface. */
import type { State } from '../../../src/job/state.js';
import type { Store } from '../../../src/store/store.js';

/** A job as it is stored, every column of it, to compare before and after. */
export type StoredJob = Readonly<Record<string, unknown>>;

export interface JobCount {
  readonly queue: string;
  readonly state: State;
  readonly n: number;
}

/** One new, empty database. The doors below are for tests alone; each is one durable change or one read. */
export interface StoreUnderTest {
  readonly store: Store;
  /** What `openStore` opens in another process. */
  readonly location: string;
  /** What another process needs in its environment besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** One more connection to the same database, as another process has it. */
  readonly connect: () => Promise<Store>;
  readonly storedJob: (seq: number) => Promise<StoredJob>;
  /** Puts a waiting job into a state that no operation makes yet, with its counter. */
  readonly force: (seq: number, state: 'blocked' | 'held') => Promise<void>;
  /** The time of the job has come, or that of every job of the store, in the order that they had. */
  readonly makeDue: (seq?: number) => Promise<void>;
  /** Removes the record of a session and nothing else, as a person with an editor may. */
  readonly forgetSession: (id: number) => Promise<void>;
  /** Writes down that a person did this, as a change of jobs does. */
  readonly writeAct: (kind: string, seqs: readonly number[], atMs: number) => Promise<void>;
  /** Makes a counter say what is not so. */
  readonly spoilCounter: (queue: string, state: State, n: number) => Promise<void>;
  /** What the counters say, without zeros; in the order of queue and state. */
  readonly counters: () => Promise<JobCount[]>;
  /** What there really is, in the same order. */
  readonly countJobs: () => Promise<JobCount[]>;
  readonly dispose: () => Promise<void>;
}

/** What a store cannot do is declared here. */
export interface StoreCapabilities {
  /** How a dead process is noticed: by a lock that the kernel drops, at once; or by a lease that runs out. */
  readonly liveness: 'lock' | 'lease';
}

export type OpenStoreUnderTest = () => Promise<StoreUnderTest>;
