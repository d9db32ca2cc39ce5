/** What a history leaves behind, and what a checker finds wrong with it. Plain values: a test can make them up. */
import type { OutcomeKind } from '../../../src/job/job.js';
import type { State } from '../../../src/job/state.js';

/** What the ledger job does; see harness/job-scripts.ts. */
export type JobKind =
  'ok' | 'nap' | 'long' | 'clinger' | 'fail' | 'flaky' | 'print' | 'stubborn' | 'family' | 'runaway' | 'deaf';

/** A job that a client asked for. The mark is unique in the history and stands in the command. */
export interface AskedJob {
  readonly mark: string;
  readonly id: string | null;
  readonly kind: JobKind;
}

/** What a person does to jobs beside a retry and a cancel. */
export type ChangeCall = 'hold' | 'release' | 'set' | 'remove';

/** What `set` gives each job; none is asked for with it. */
export const SET_PRIORITY = 5;

/** One call of the command line. Times are seconds of the machine's uptime, which no clock fault touches. */
export interface Operation {
  readonly call: 'enqueue' | 'bulk' | 'retry' | 'cancel' | ChangeCall | 'list' | 'status' | 'stop';
  readonly startS: number;
  readonly endS: number;
  readonly jobs: readonly AskedJob[];
  /** What it acknowledged, in the order of its jobs; of a change, what it was asked for. */
  readonly ids: readonly string[];
  /** Null: a signal ended it, and whether it took effect is unknown unless it said so before. */
  readonly exitCode: number | null;
  /** The test ended it, by a signal or a fail-point. */
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The last six are of a queue on a server: the way to it, one or both directions of it, or the server itself. */
export type FaultKind =
  | 'kill'
  | 'stop'
  | 'lock'
  | 'disk_full'
  | 'clock'
  | 'cut'
  | 'one_way'
  | 'slow'
  | 'lossy'
  | 'restart'
  | 'terminate';

/** What a client may meet, and a worker may lose its answers by, though no process of theirs was hit. */
export const NETWORK_FAULTS: ReadonlySet<FaultKind> = new Set([
  'cut',
  'one_way',
  'slow',
  'lossy',
  'restart',
  'terminate',
]);

export interface Fault {
  readonly fault: FaultKind;
  readonly startS: number;
  readonly endS: number;
  /** The process that it hit, where it hit one. */
  readonly pid: number | null;
}

/** A line of the ledger, which the jobs write and the queue does not know. */
export type LedgerLine =
  | {
      readonly line: 'S';
      readonly id: string;
      readonly run: number;
      readonly atS: number;
      readonly workerPid: number;
    }
  | {
      readonly line: 'E';
      readonly id: string;
      readonly run: number;
      readonly atS: number;
      readonly exitCode: number;
    }
  | { readonly line: 'OVERLAP'; readonly id: string; readonly run: number; readonly atS: number };

export interface JobRow {
  readonly seq: number;
  /** As the command line shows it. */
  readonly id: string;
  readonly mark: string;
  readonly state: State;
  readonly queue: string;
  readonly priority: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly run: number;
  readonly maxRetries: number;
  readonly backoff: { readonly base: number; readonly max_ms?: number; readonly jitter?: number };
}

export interface RunRow {
  readonly seq: number;
  readonly run: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly outcome: OutcomeKind;
  readonly reason: string | null;
}

export interface Snapshot {
  readonly jobs: readonly JobRow[];
  readonly runs: readonly RunRow[];
  readonly counters: ReadonlyMap<string, number>;
  readonly sessions: number;
  /** What `integrity_check` and `foreign_key_check` print; empty when all is well. */
  readonly damage: readonly string[];
  readonly walBytes: number;
}

/** One look at a living worker. */
export interface Sample {
  readonly pid: number;
  readonly rssKb: number;
  readonly descriptors: number;
  readonly threads: number;
}

export interface Evidence {
  readonly operations: readonly Operation[];
  readonly faults: readonly Fault[];
  readonly ledger: readonly LedgerLine[];
  /** After the drain, with every worker stopped. */
  readonly snapshot: Snapshot;
  /** Processes of jobs that still run then. */
  readonly leftProcesses: readonly string[];
  readonly samples: readonly Sample[];
  /** Null: the drain met its deadline; else what was left. */
  readonly stuck: string | null;
  /** On a server: how long a worker may be silent before others take its jobs. */
  readonly leaseS?: number;
}

export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I10'
  | 'I12'
  | 'I13'
  | 'I14'
  | 'I15'
  | 'I16'
  | 'I17'
  | 'I18';

export interface Violation {
  readonly invariant: Invariant;
  /** The job it concerns, as the command line shows it, or its mark where it has no id. */
  readonly job: string | null;
  readonly message: string;
}

export type Checker = (evidence: Evidence) => Violation[];

/** Nobody knows what it did: it was killed, or said itself that the answer to its commit was lost. */
export function isUnknown({ exitCode, stderr }: Operation): boolean {
  return (
    exitCode === null || (exitCode === 5 && stderr.includes('it is not known whether the change was made'))
  );
}

/** The jobs that calls of this kind have changed, or may have: one of several ids that exited 7 has done some of it. */
export function mayHaveDone(operations: readonly Operation[], call: Operation['call']): Operation[] {
  return operations.filter(
    (operation) =>
      operation.call === call &&
      (operation.exitCode === 0 || operation.exitCode === 7 || isUnknown(operation)),
  );
}

/** The runs of each job, oldest first, by its sequence number. */
export function runsBySeq({ runs }: Snapshot): Map<number, RunRow[]> {
  const bySeq = new Map<number, RunRow[]>();
  for (const run of runs) bySeq.set(run.seq, [...(bySeq.get(run.seq) ?? []), run]);
  for (const list of bySeq.values()) list.sort((a, b) => a.run - b.run);
  return bySeq;
}

/** The lines of each job in the order they were written, by its id. */
export function ledgerById(ledger: readonly LedgerLine[]): Map<string, LedgerLine[]> {
  const byId = new Map<string, LedgerLine[]>();
  for (const line of ledger) {
    const lines = byId.get(line.id);
    if (lines === undefined) byId.set(line.id, [line]);
    else lines.push(line);
  }
  return byId;
}

/** Others took it from a worker that was silent for a lease. */
export function isCutOff({ outcome, reason }: RunRow): boolean {
  return outcome === 'lost' && reason?.startsWith('lost: its worker was cut off') === true;
}
