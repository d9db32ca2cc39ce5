import { isCutOff, ledgerById, runsBySeq } from './evidence.js';
import type { Checker, Evidence, Fault, JobRow, LedgerLine, Violation } from './evidence.js';

/** The ledger's clock ticks a hundred times a second. */
const TICK_S = 0.02;

/**
 * I10: what one worker with one slot took, for a queue that was filled before it began: the highest priority
 * first, then the oldest.
 */
export const inOrder: Checker = ({ ledger, snapshot }) => {
  const jobs = new Map(snapshot.jobs.map((job) => [job.id, job]));
  const started = ledger.flatMap((line) =>
    line.line === 'S' && line.run === 1 ? (jobs.get(line.id) ?? []) : [],
  );
  const expected = started.toSorted((a, b) => b.priority - a.priority || a.seq - b.seq);
  const wrong = started.findIndex((job, index) => job !== expected[index]);
  const job = started[wrong];
  if (job === undefined) return [];
  return [
    {
      invariant: 'I10',
      job: job.id,
      message: `started at place ${wrong + 1}, before ${expected[wrong]?.id}`,
    },
  ];
};

/** I12: between a failure and the next run lies at least the configured wait; measured where no clock was set. */
export const backoffKept: Checker = (evidence) => {
  const retried = new Set(evidence.operations.flatMap(({ call, ids }) => (call === 'retry' ? ids : [])));
  const lines = ledgerById(evidence.ledger);
  const runs = runsBySeq(evidence.snapshot);
  return evidence.snapshot.jobs.flatMap((job) => {
    if (retried.has(job.id)) return [];
    let attempts = 0;
    return (runs.get(job.seq) ?? []).flatMap(({ run, outcome }): Violation[] => {
      if (outcome !== 'failure' && outcome !== 'timeout') return [];
      attempts += 1;
      const gap = gapAfter(lines.get(job.id) ?? [], run);
      if (gap === null || clockWasSet(evidence, gap)) return [];
      const leastS = leastWaitS(job, attempts);
      if (gap.endS - gap.startS >= leastS - TICK_S) return [];
      const waited = (gap.endS - gap.startS).toFixed(2);
      return [
        {
          invariant: 'I12',
          job: job.id,
          message: `run ${run + 1} followed ${waited} s after a failure, not ${leastS} s`,
        },
      ];
    });
  });
};

function gapAfter(lines: readonly LedgerLine[], run: number): { startS: number; endS: number } | null {
  const end = lines.find((line) => line.line === 'E' && line.run === run);
  const next = lines.find((line) => line.line === 'S' && line.run === run + 1);
  return end === undefined || next === undefined ? null : { startS: end.atS, endS: next.atS };
}

function clockWasSet({ faults }: Evidence, { startS, endS }: { startS: number; endS: number }): boolean {
  return faults.some(
    (fault) => fault.fault === 'clock' && fault.startS <= endS + 2 && fault.endS >= startS - 2,
  );
}

function leastWaitS({ backoff }: JobRow, attempts: number): number {
  const fullS = Math.min(backoff.base ** attempts, (backoff.max_ms ?? Infinity) / 1000);
  return fullS * (1 - (backoff.jitter ?? 0));
}

export interface Recovery {
  readonly job: string;
  readonly seconds: number;
  /** Something else stood in the way: one more kill, a lock, a full disk, a stopped process, a clock. */
  readonly hindered: boolean;
}

/**
 * How long after the kill of its worker each lost run was given up. `bootS`: the machine's uptime began at this
 * many seconds of the epoch.
 */
export function recoveries({ snapshot, ledger, faults }: Evidence, bootS: number): Recovery[] {
  const [runs, lines] = [runsBySeq(snapshot), ledgerById(ledger)];
  return snapshot.jobs.flatMap((job) =>
    (runs.get(job.seq) ?? []).flatMap(({ run, outcome, finishedAtMs }): Recovery[] => {
      const start = (lines.get(job.id) ?? []).find((line) => line.line === 'S' && line.run === run);
      if (outcome !== 'lost' || start?.line !== 'S') return [];
      const givenUpS = finishedAtMs / 1000 - bootS;
      const kill = faults.find((fault) => isKillOf(fault, start.workerPid, start.atS));
      // It may have been given up for silence, and its worker killed afterwards.
      if (kill === undefined || kill.startS > givenUpS) return [];
      const hindered = faults.some((fault) => fault !== kill && mayHinder(fault, kill.startS, givenUpS));
      return [{ job: job.id, seconds: givenUpS - kill.startS, hindered }];
    }),
  );
}

/** How long after a worker fell silent, by whatever fault, each run that others took from it was given up. */
export function takeovers(evidence: Evidence, bootS: number): { job: string; seconds: number }[] {
  const { snapshot, ledger, faults, leaseS = Infinity } = evidence;
  const [runs, lines] = [runsBySeq(snapshot), ledgerById(ledger)];
  return snapshot.jobs.flatMap((job) =>
    (runs.get(job.seq) ?? []).filter(isCutOff).flatMap(({ run, finishedAtMs }) => {
      const start = (lines.get(job.id) ?? []).find((line) => line.line === 'S' && line.run === run);
      if (start?.line !== 'S') return [];
      const givenUpS = finishedAtMs / 1000 - bootS;
      const began = faults
        .filter(({ fault, pid }) => SILENCING.has(fault) && pid === start.workerPid)
        .filter(({ fault, endS }) => fault === 'kill' || endS >= givenUpS - leaseS)
        .map(({ startS }) => startS)
        .filter((startS) => startS <= givenUpS);
      return began.length === 0 ? [] : [{ job: job.id, seconds: givenUpS - Math.max(...began) }];
    }),
  );
}

const SILENCING: ReadonlySet<Fault['fault']> = new Set(['cut', 'one_way', 'slow', 'lossy', 'stop', 'kill']);

/** Another kill may have hit the rescuer; of one that came before it, nothing is left to do harm. */
function mayHinder({ fault, startS, endS }: Fault, fromS: number, untilS: number): boolean {
  if (fault === 'kill') return startS >= fromS && startS <= untilS;
  return endS >= fromS - 2 && startS <= untilS + 2;
}

function isKillOf({ fault, pid, startS }: Fault, workerPid: number, afterS: number): boolean {
  return fault === 'kill' && pid === workerPid && startS >= afterS - 1;
}

/** I15: everything came to an end in time, and lost runs were given up within the bound. */
export function recovered(bootS: number, boundS: number): Checker {
  return (evidence) => {
    const late = recoveries(evidence, bootS)
      .filter(({ seconds, hindered }) => !hindered && seconds > boundS)
      .map(({ job, seconds }): Violation => ({
        invariant: 'I15',
        job,
        message: `was given up ${seconds.toFixed(1)} s after its worker's death`,
      }));
    return evidence.stuck === null
      ? late
      : [{ invariant: 'I15', job: null, message: evidence.stuck }, ...late];
  };
}
