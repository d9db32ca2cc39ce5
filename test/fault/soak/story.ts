/** What happened to one job, and around it: the shortest text by which a violation can be understood. */
import type { Evidence, Violation } from '../checkers/evidence.js';

/** So many seconds around one of the job's own events, a fault belongs to its story. */
const AROUND_S = 3;
const MOST_EVENTS = 60;

interface StoryEvent {
  readonly atS: number;
  readonly text: string;
}

/** The violation, and below it the events that concern its job, in their order. */
export function describeStory(violation: Violation, evidence: Evidence): string {
  const head = `${violation.invariant} violated${violation.job === null ? '' : ` by job ${violation.job}`}: ${violation.message}`;
  const own = violation.job === null ? [] : eventsOf(violation.job, evidence);
  const around = evidence.faults
    .filter(({ startS, endS }) => own.some(({ atS }) => endS >= atS - AROUND_S && startS <= atS + AROUND_S))
    .map(({ fault, startS, endS, pid }) => ({
      atS: startS,
      text: `fault: ${fault}${pid === null ? '' : ` of process ${pid}`}, ${(endS - startS).toFixed(2)} s`,
    }));
  const events = [...own, ...around].toSorted((a, b) => a.atS - b.atS);
  const lines = events.slice(-MOST_EVENTS).map(({ atS, text }) => `  ${atS.toFixed(2)}  ${text}`);
  return [head, ...lines, ...rowsOf(violation.job, evidence)].join('\n');
}

function eventsOf(job: string, { operations, ledger, snapshot }: Evidence): StoryEvent[] {
  const row = snapshot.jobs.find(({ id, mark }) => id === job || mark === job);
  const id = row?.id ?? job;
  const calls = operations
    .filter(({ ids, jobs }) => ids.includes(id) || jobs.some(({ mark }) => mark === (row?.mark ?? job)))
    .map(({ call, jobs, startS, endS, exitCode, killed }) => ({
      atS: endS,
      text: `${call} of ${jobs.length} jobs, begun at ${startS.toFixed(2)}: ${killed ? 'killed' : `exit ${exitCode}`}`,
    }));
  const lines = ledger
    .filter((line) => line.id === id)
    .map((line) => {
      const more =
        line.line === 'S'
          ? ` by worker ${line.workerPid}`
          : line.line === 'E'
            ? ` with exit code ${line.exitCode}`
            : '';
      return { atS: line.atS, text: `ledger: ${line.line} run ${line.run}${more}` };
    });
  return [...calls, ...lines];
}

function rowsOf(job: string | null, { snapshot }: Evidence): string[] {
  const row = snapshot.jobs.find(({ id, mark }) => id === job || mark === job);
  if (row === undefined) return [];
  const runs = snapshot.runs
    .filter(({ seq }) => seq === row.seq)
    .toSorted((a, b) => a.run - b.run)
    .map(
      ({ run, outcome, reason }) => `  stored run ${run}: ${outcome}${reason === null ? '' : ` (${reason})`}`,
    );
  return [`  stored: ${JSON.stringify(row)}`, ...runs];
}
