/**
 * The interface of every store, and what each promises. test/store/conformance is its specification in full.
 * Each call that changes something is one transaction: when its promise resolves, the change is on the disk.
 */
import type { PendingCancel } from '../job/cancel.js';
import type { Change, ChangedJob, ChangeTargets } from '../job/change.js';
import type { Counts, Job, NewJob, OutcomeKind, ProcessingJob, Run, Usage } from '../job/job.js';
import type { GroupBy, JobGroup, ListRequest, Selection } from '../job/selection.js';
import type { Transition } from '../job/decide.js';
import type { State } from '../job/state.js';
import type { Bell } from './bell.js';
import type { LeaseStore } from './lease.js';
import type { TransactionClient } from './client.js';
import type { LogStore } from './logs.js';
import type { OverviewStore } from './overview.js';
import type { Pruned, PruneStore } from './pruning.js';

/** One execution of a job: `run` is the fencing token. */
export interface RunKey {
  readonly seq: number;
  readonly run: number;
}

/** What a session reports when a run has ended. */
export interface FinishedRun extends RunKey {
  readonly transition: Transition;
  readonly outcome: OutcomeKind;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  /** How long before the report its process was started; missing: when it was claimed. */
  readonly startedMsAgo?: number | undefined;
  /** Where the launcher could tell. */
  readonly usage?: Usage | undefined;
  readonly outputBytes: number;
  /** Small output travels with the run; null where it stays in its file. */
  readonly output: Uint8Array | null;
  /** What a handler returned, as JSON text. */
  readonly result?: string | undefined;
}

/** `worker`: claims from its queues. `run`: one foreground command with its own job; `stop` does not touch it. */
export type SessionKind = 'worker' | 'run';

/** Who a session is; a pid is meaningful only with its boot and start time. */
export interface SessionOwner {
  readonly kind: SessionKind;
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly pidStartTime: string;
  readonly slots: number;
  /** Null: every queue. */
  readonly queues: readonly string[] | null;
  /** Whose jobs it runs; '' stands for commands. */
  readonly handlers: readonly string[];
  /** The lock, from newLockFile, that its launcher holds until the last of its processes is gone; null: none. */
  readonly launcherLock: string | null;
  /** By which a person stops a worker; missing: the first of w1, w2, … that no living worker has. */
  readonly name?: string | undefined;
}

/** How a worker ends: it finishes what runs, or ends it and gives it back. */
export type HowToStop = 'gracefully' | 'now';

/** One start of a worker process. Its id is never used again. */
export interface Session extends Omit<SessionOwner, 'launcherLock' | 'name'> {
  readonly id: number;
  /** Made anew for each start: after an older state of the store was restored, numbers are given once more. */
  readonly token: string;
  /** Null: it is a foreground run, or a worker of an older version. */
  readonly name: string | null;
  readonly startedAtMs: number;
  /** Null: a lock tells whether it lives. */
  readonly lastBeatAtMs: number | null;
  /** By the store's clock, its last beat is older than its lease: it has died, or is cut off. */
  readonly isSilent: boolean;
  /** The same of a third of its lease: two beats are missing. */
  readonly isLate: boolean;
  /** How somebody has asked it to stop; null: nobody has. */
  readonly stopRequested: HowToStop | null;
}

/** A session that is over, and why: its process died, its machine restarted, its lease ran out, or its row vanished. */
export interface DeadSession {
  readonly session: Session;
  readonly cause: 'crash' | 'reboot' | 'lease' | 'vanished';
  /** Its launcher lives and still ends what ran: until it is gone, nothing may run again. */
  readonly isEnding: boolean;
  /** Of a lease: the last beat, which must still be the last one when it is rescued; else null. */
  readonly beatMs: number | null;
}

export interface ExchangeRequest {
  /** Every run the session has started and not reported. What the store holds beyond them is given back. */
  readonly running: readonly RunKey[];
  readonly finished: readonly FinishedRun[];
  /** How many jobs the session can start now. */
  readonly free: number;
}

export interface Exchange {
  /** In the order of the claim: priority, then time, then sequence. */
  readonly claims: readonly ProcessingJob[];
  /** Runs that the session no longer owns: their ends change nothing, and what runs must be ended. */
  readonly lost: readonly RunKey[];
  /** Of the reported runs those whose job is cancelled: a person had asked for its end, whatever the report says. */
  readonly cancelled: readonly RunKey[];
  /** Of the runs that go on those that a person wants to end. */
  readonly cancels: readonly CancelledRun[];
  /** As in the outlook, for which a session that always has something to report finds no time. */
  readonly stopRequested: HowToStop | null;
}

/** A run that a person wants to end, and how. */
export interface CancelledRun extends RunKey {
  readonly cancel: PendingCancel;
}

/** What a waiting session needs to know; read without a write lock. */
export interface Outlook {
  /** Something can be claimed at once. */
  readonly ready: boolean;
  /** Until the next job falls due; null where none waits. */
  readonly nextDueMs: number | null;
  readonly stopRequested: HowToStop | null;
  /** Of the session's own runs those that a person wants to end. */
  readonly cancels: readonly CancelledRun[];
  /** False: the session was given up by others. */
  readonly sessionLives: boolean;
}

export type InsertResult =
  | { readonly outcome: 'inserted'; readonly id: string; readonly seq: number; readonly state: State }
  | { readonly outcome: 'exists'; readonly id: string };

export interface QueueState {
  readonly name: string;
  /** Null: it is not paused, neither by itself nor with all others. */
  readonly pausedAtMs: number | null;
  readonly counts: Counts;
}

export interface Pauses {
  /** Since when all queues are paused; null: they are not. */
  readonly allSinceMs: number | null;
  /** Those that are paused by name, in its order. */
  readonly queues: readonly { readonly name: string; readonly sinceMs: number }[];
}

export interface Changed {
  /** In the order of the ids, or of the numbers. */
  readonly jobs: readonly ChangedJob[];
  /** Removed jobs whose logs are to go, until `forgetPruned`. */
  readonly left: Pruned | null;
}

interface JobStore {
  /**
   * All or none. An id that is stored already is a `conflict`, or with 'ignore' has no effect.
   * Results are in the order of the jobs. With a client they are part of its transaction, and told of by its commit.
   */
  insertJobs(
    jobs: readonly NewJob[],
    onConflict: 'error' | 'ignore',
    client?: TransactionClient,
  ): Promise<InsertResult[]>;
  getJob(id: string): Promise<Job | null>;
  /**
   * Each state in the order that a person asks of it: what runs next, or what ended last, comes first. Costs what it
   * returns, however many jobs there are; of one queue, what stands between its jobs, too. With a filter that names jobs
   * or a tag they come by number, and no others are looked at; with any other filter, all that stand before the last.
   */
  listJobs(request: ListRequest): Promise<Job[]>;
  /** Looks at every job that may be meant. */
  countJobs(selection: Selection): Promise<number>;
  /** The largest groups first; looks at every job that may be meant. */
  groupJobs(selection: Selection, by: GroupBy, limit: number): Promise<JobGroup[]>;
  /** The numbers of the first so many of them behind this number, in order. */
  selectSeqs(selection: Selection, afterSeq: number, limit: number): Promise<number[]>;
  /** Jobs in each state; of these queues, or of all. Never counts rows. */
  counts(queues?: readonly string[] | null): Promise<Counts>;
  /**
   * Nothing of these queues (null: of any) is pending, processing, waiting for a retry, or given back for later;
   * a job that never ran and whose time has not come does not count, nor does any job of a paused queue.
   */
  isDrained(queues: readonly string[] | null): Promise<boolean>;
  /**
   * Each job by itself is changed or refused, all in one transaction, which holds the write lock for as long: hand over
   * a few hundred at most. A job that waits is cancelled at once; of one that is processing the wish is kept until its
   * run has ended: its session learns of it, and the job is cancelled unless the run ended it by itself; asked again, it
   * can only come sooner. Retry: dead, cancelled, completed -> pending, attempts and crashes 0; failed -> pending,
   * attempts kept; scheduled where there is a delay. Release: by its time.
   */
  changeJobs(targets: ChangeTargets, change: Change): Promise<Changed>;
}

interface QueueStore {
  /** Every queue that has or had a job or is paused, by name. Never counts rows. */
  listQueues(): Promise<QueueState[]>;
  pauses(): Promise<Pauses>;
  /** Null: all queues, also those that come later. Once it is resolved, nothing of them is claimed. */
  pauseQueues(names: readonly string[] | null): Promise<void>;
  /** Null: every queue. `conflict` for one queue while all are paused. */
  resumeQueues(names: readonly string[] | null): Promise<void>;
}

interface RunStore {
  /** The runs of a job that have ended, oldest first. */
  listRuns(seq: number): Promise<Run[]>;
  /** The latest ended run of each job, where it has one. */
  latestRuns(seqs: readonly number[]): Promise<Map<number, Run>>;
}

interface ClaimStore {
  /**
   * The heart, one transaction: record what finished, give back what the session does not know of, promote
   * what is due (at most 1,000), claim what fits. Every write is fenced by (seq, run, session, processing).
   * A session that others gave up changes nothing and gets nothing: all its runs are lost.
   */
  exchange(session: Session, request: ExchangeRequest): Promise<Exchange>;
  /** Throws `store_lost` where the database was replaced or removed under the open store. */
  outlook(session: Session): Promise<Outlook>;
  /** For each run, whether it is the one that its job is processing now. */
  areProcessing(runs: readonly RunKey[]): Promise<boolean[]>;
  /** Inserts a job as processing, run 1, owned by the session, so that no worker takes it. */
  insertRunning(session: Session, job: NewJob): Promise<ProcessingJob>;
  /** Starts the next run of an attached job whose retry is due; null if it is no longer the session's. */
  rerun(session: Session, seq: number): Promise<ProcessingJob | null>;
}

interface SessionStore {
  /** A name for a lock that is not in use, for a launcher to make and hold. */
  newLockFile(): string;
  /** Takes the liveness lock, then inserts the session: it lives until its process ends. `conflict`: its name is taken. */
  openSession(owner: SessionOwner): Promise<Session>;
  /** Removes the session and frees its lock. What it still owned is given back; a `run` session's job dies. */
  closeSession(session: Session): Promise<void>;
  /**
   * Records the lost runs of a dead session and removes it, in one transaction, fenced by that session. `beatMs`: only if
   * this is still its last beat; false, and nothing changed, if not.
   */
  rescueSession(session: Session, lostRuns: readonly FinishedRun[], beatMs?: number | null): Promise<boolean>;
  listSessions(kind?: SessionKind): Promise<Session[]>;
  /** Those whose process certainly ended, whose lease ran out while we looked, or whose row is gone. `bootId`: this boot's. */
  listDeadSessions(bootId: string): Promise<DeadSession[]>;
  /** Removes what dead processes left of their locks. */
  sweepLocks(): Promise<void>;
  /** The jobs that a session owns. */
  listOwned(session: Session): Promise<ProcessingJob[]>;
  /** Their ids, in the order of their claim: what is beyond its slots waits for one. At most `limit`. */
  listOwnedIds(session: Session, limit: number): Promise<string[]>;
  /** Asks every worker, or these sessions, to stop; how many were asked. Asked again, a stop can only be hastened. */
  requestStop(how: HowToStop, sessionIds?: readonly number[]): Promise<number>;
}

export interface Store
  extends JobStore, QueueStore, PruneStore, RunStore, ClaimStore, SessionStore, LeaseStore, OverviewStore {
  /** The home directory: a `queuectl` inside a job finds the same queue by it. */
  readonly home: string;
  /** What the database is called, without what gives access to it; null: it is in the home. */
  readonly database: string | null;
  /** Directories for what does not fit in the store: output and notes of this database. */
  readonly logsDir: string;
  readonly runDir: string;
  readonly workersDir: string;
  readonly bell: Bell;
  /** Null: what runs print stays in `logsDir`, where all who use the store find it. */
  readonly logs: LogStore | null;
  close(): Promise<void>;
}

/** How long a call may wait for a lock before it is `unavailable`; Infinity for workers. */
export interface OpenOptions {
  readonly lockTimeoutMs: number;
  /** Where what stays on this machine lies, of a queue whose database is elsewhere; the user's own by default. */
  readonly home?: string | undefined;
  /** Of the sessions that are opened, where the store has leases; 30 s by default. */
  readonly leaseMs?: number | undefined;
}
