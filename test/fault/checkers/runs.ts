import { isFinal } from '../../../src/job/state.js';
import type { State } from '../../../src/job/state.js';
import { isCutOff, isUnknown, ledgerById, mayHaveDone, NETWORK_FAULTS, runsBySeq } from './evidence.js';
import type {
  Checker,
  Evidence,
  Fault,
  Invariant,
  JobKind,
  JobRow,
  LedgerLine,
  RunRow,
  Violation,
} from './evidence.js';
import { replay } from './replay.js';

/** What is known of one job. */
interface Story {
  readonly job: JobRow;
  readonly runs: readonly RunRow[];
  readonly lines: readonly LedgerLine[];
}

function forEachJob(
  { snapshot, ledger }: Evidence,
  check: (story: Story) => (readonly [Invariant, string])[],
): Violation[] {
  const [runs, lines] = [runsBySeq(snapshot), ledgerById(ledger)];
  return snapshot.jobs.flatMap((job) =>
    check({ job, runs: runs.get(job.seq) ?? [], lines: lines.get(job.id) ?? [] }).map(
      ([invariant, message]) => ({
        invariant,
        job: job.id,
        message,
      }),
    ),
  );
}

/** I3: a run that counts as a success has told the ledger so. */
export const atLeastOnce: Checker = (evidence) =>
  forEachJob(evidence, ({ job, runs, lines }) => {
    const won = runs.at(-1);
    if (job.state !== 'completed') return [];
    const proved = lines.some((line) => line.line === 'E' && line.run === won?.run && line.exitCode === 0);
    return proved
      ? []
      : [['I3', `is completed, but the ledger knows no end of run ${won?.run} with exit code 0`]];
  });

/** How the runs of a job of this kind end when nothing disturbs them. */
function expectedOutcomes(kind: JobKind, maxRetries: number): string[] {
  if (kind === 'fail') return Array.from({ length: Math.max(1, maxRetries) }, () => 'failure');
  return kind === 'flaky' && maxRetries > 1
    ? ['failure', 'success']
    : [kind === 'flaky' ? 'failure' : 'success'];
}

/** I4: a job that no fault touched runs as often as its kind needs, each run once. */
export const exactlyOnceWithoutFaults: Checker = (evidence) => {
  const kinds = new Map(
    evidence.operations.flatMap(({ jobs }) => jobs.map(({ mark, kind }) => [mark, kind])),
  );
  const noKills = !evidence.faults.some(
    ({ fault }) =>
      fault === 'kill' ||
      fault === 'disk_full' ||
      NETWORK_FAULTS.has(fault) ||
      (fault === 'stop' && evidence.leaseS !== undefined),
  );
  const touched = new Set(
    evidence.operations.flatMap(({ call, ids }) => (call === 'retry' || call === 'cancel' ? ids : [])),
  );
  return forEachJob(evidence, ({ job, runs, lines }) => {
    const kind = kinds.get(job.mark);
    const disturbed = runs.filter(({ outcome }) => outcome === 'lost' || outcome === 'given_back');
    // Claimed ahead of a slot, and given back because others kept it for longer than they used to.
    const unfair = disturbed.find(({ reason }) => reason !== 'never started');
    if (unfair !== undefined && noKills)
      return [['I4', `run ${unfair.run} was disturbed, though there was no fault`]];
    if (kind === undefined || disturbed.length > 0 || touched.has(job.id) || !isFinal(job.state)) return [];
    const expected = expectedOutcomes(kind, job.maxRetries).join(', ');
    const found = runs.map(({ outcome }) => outcome).join(', ');
    if (found !== expected)
      return [['I4', `its runs ended with ${found || 'nothing'}, not with ${expected}`]];
    const starts = lines.filter(({ line }) => line === 'S').length;
    return starts === runs.length ? [] : [['I4', `started ${starts} times in ${runs.length} runs`]];
  });
};

/** A clock that was set is no reason to be silent. */
function mayHaveBeenSilent({ fault, pid, endS }: Fault, start: LedgerLine & { line: 'S' }): boolean {
  return fault !== 'clock' && (pid === null || pid === start.workerPid) && endS >= start.atS;
}

/** I5: a run starts once at most; more of them follow only where a worker was killed. */
export const boundedDuplicates: Checker = (evidence) => {
  const kills = evidence.faults.filter(({ fault }) => fault === 'kill');
  return forEachJob(evidence, ({ job, runs, lines }) => {
    const starts = lines.filter((line) => line.line === 'S');
    const twice = starts.find((line, index) => starts.findIndex(({ run }) => run === line.run) !== index);
    if (twice !== undefined) return [['I5', `run ${twice.run} started twice`]];
    const unknown = starts.find(({ run }) => run > job.run);
    if (unknown !== undefined)
      return [['I5', `run ${unknown.run} started, but the store knows ${job.run} runs only`]];
    const mistaken = runs.filter(isCutOff).find(({ run }) => {
      const start = starts.find((line) => line.run === run);
      return start !== undefined && !evidence.faults.some((fault) => mayHaveBeenSilent(fault, start));
    });
    if (mistaken !== undefined)
      return [['I5', `run ${mistaken.run} was taken from a worker that nothing kept from the database`]];
    const lost = runs.filter((run) => run.outcome === 'lost' && !isCutOff(run));
    if (lost.length > kills.length)
      return [['I5', `${lost.length} runs were lost, but only ${kills.length} processes were killed`]];
    return lost.flatMap(({ run }) => {
      const start = starts.find((line) => line.run === run);
      const fair =
        start === undefined ||
        kills.some(({ pid, startS }) => pid === start.workerPid && startS >= start.atS - 1);
      return fair
        ? []
        : [['I5', `run ${run} was called lost, but its worker ${start.workerPid} was not killed`] as const];
    });
  });
};

/** I6: no job runs twice at once, neither by its lock nor by the order of its lines. */
export const noOverlap: Checker = ({ ledger }) => {
  const latest = new Map<string, number>();
  return ledger.flatMap((line): Violation[] => {
    const found = (message: string): Violation[] => [{ invariant: 'I6', job: line.id, message }];
    if (line.line === 'OVERLAP') return found(`run ${line.run} began while another one held its lock`);
    const before = latest.get(line.id) ?? 0;
    latest.set(line.id, Math.max(before, line.run));
    return line.line === 'E' && line.run < before
      ? found(`run ${line.run} ended after run ${before} had begun`)
      : [];
  });
};

/** Between two runs, or instead of what would have followed the last one: then it has the counts of its runs or, after a retry, none. */
function isCancelledBetween(job: JobRow, end: State | null, attempts: number): boolean {
  return end === null ? job.attempts === attempts : end === 'dead' && [0, attempts].includes(job.attempts);
}

/** I7: each job's row is what the rules make of its runs, numbered without a gap; only a retry ends an end. */
export const legalHistory: Checker = (evidence) => {
  const retries = evidence.operations.filter(({ call }) => call === 'retry');
  const cancelled = new Set(mayHaveDone(evidence.operations, 'cancel').flatMap(({ ids }) => ids));
  return forEachJob(evidence, ({ job, runs }) => {
    const { end, attempts, crashes, restarts, mistakes } = replay(job, runs);
    const found: (readonly [Invariant, string])[] = mistakes.map((mistake) => ['I7', mistake]);
    const own = retries.filter(({ ids }) => ids.includes(job.id));
    const sure = own.filter(({ exitCode }) => exitCode === 0).length;
    const most = own.filter((retry) => retry.exitCode === 0 || isUnknown(retry)).length;
    if (restarts > most) found.push(['I7', `left its end ${restarts} times, with ${most} retries`]);
    // The last retry may have been followed by a cancel instead of a run.
    const unseen = job.state === 'cancelled' && end !== 'cancelled' ? 1 : 0;
    if (restarts + unseen < sure && isFinal(job.state))
      found.push(['I7', `was retried ${sure} times, but ran again ${restarts} times`]);
    if (job.state === 'cancelled' && !cancelled.has(job.id))
      found.push(['I7', 'is cancelled, though nobody asked']);
    if (job.state === 'cancelled' && end !== 'completed' && isCancelledBetween(job, end, attempts))
      return found;
    if (isFinal(job.state) && (job.state !== end || job.attempts !== attempts || job.crashes !== crashes))
      found.push([
        'I7',
        `is ${job.state} (attempts ${job.attempts}, crashes ${job.crashes}), but its runs make it ${end ?? 'unfinished'} (${attempts}, ${crashes})`,
      ]);
    if (isFinal(job.state) && job.run !== runs.length)
      found.push(['I7', `has run ${job.run} times, but ${runs.length} ends are recorded`]);
    return found;
  });
};
