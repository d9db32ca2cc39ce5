import { NETWORK_FAULTS } from './evidence.js';
import type { Checker, Fault, Operation, Violation } from './evidence.js';

/** What each call may exit with besides 0; `unavailable` (5) only while the store is in trouble. */
const REFUSALS: Readonly<Record<Operation['call'], readonly number[]>> = {
  enqueue: [4],
  bulk: [],
  retry: [3, 4, 7],
  cancel: [3, 4, 7],
  hold: [3, 4, 7],
  release: [3, 4, 7],
  set: [3, 4, 7],
  remove: [3, 4, 7],
  list: [],
  status: [],
  stop: [],
};
const UNAVAILABLE = 5;
/** A stopped worker may hold the write lock. */
const TROUBLES: ReadonlySet<Fault['fault']> = new Set(['lock', 'disk_full', 'stop', ...NETWORK_FAULTS]);

/** I16: a documented exit code, one line of error with at most a hint below it, and never a stack trace. */
export const callContract: Checker = ({ operations, faults }) =>
  operations.flatMap((operation) => {
    const problem = operation.exitCode === null ? diedAlone(operation) : contractProblem(operation, faults);
    return problem === null ? [] : [found(operation, problem)];
  });

function diedAlone({ killed }: Operation): string | null {
  return killed ? null : 'was ended by a signal that the test did not send';
}

function contractProblem(operation: Operation, faults: readonly Fault[]): string | null {
  const { call, exitCode, stderr } = operation;
  const allowed =
    exitCode === 0 ||
    REFUSALS[call].includes(exitCode ?? 0) ||
    (exitCode === UNAVAILABLE && storeInTrouble(operation, faults));
  if (!allowed) return `exited ${exitCode}: ${stderr.trim()}`;
  if (/^\s+at /m.test(stderr)) return 'printed a stack trace';
  const errors = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('hint: '));
  const expected = exitCode === 0 ? 0 : 1;
  const spoken = errors.filter((line) => /^(error: |\{"error":)/.test(line)).length;
  if (spoken !== expected || (exitCode !== 0 && errors.length !== 1))
    return `exited ${exitCode} and printed ${JSON.stringify(stderr)}`;
  return null;
}

function storeInTrouble({ startS, endS }: Operation, faults: readonly Fault[]): boolean {
  return faults.some(
    ({ fault, ...time }) => TROUBLES.has(fault) && time.startS <= endS && time.endS >= startS,
  );
}

function found({ call, jobs, ids }: Operation, message: string): Violation {
  return { invariant: 'I16', job: jobs[0]?.mark ?? ids[0] ?? null, message: `${call} ${message}` };
}
