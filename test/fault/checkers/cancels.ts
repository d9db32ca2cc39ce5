import type { Checker, Operation, Violation } from './evidence.js';

/**
 * I17: of a job that was told to be cancelled, or asked to end, no later run than the one of that moment begins. A retry
 * ends the promise.
 */
export const cancelledIsOver: Checker = ({ operations, ledger }) =>
  operations.flatMap((operation) =>
    acknowledged(operation).flatMap(({ id, run }): Violation[] => {
      if (operations.some((other) => isRetryAfter(other, operation, id))) return [];
      const later = ledger.find((line) => line.line === 'S' && line.id === id && line.run > run);
      if (later === undefined) return [];
      return [
        {
          invariant: 'I17',
          job: id,
          message: `run ${later.run} began, though it was cancelled in run ${run}`,
        },
      ];
    }),
  );

interface CancelledJob {
  readonly id: string;
  readonly run: number;
}

/** What the call printed as JSON: one line, or nothing where it was killed before. */
function acknowledged({ call, stdout }: Operation): readonly CancelledJob[] {
  return call === 'cancel' && stdout.endsWith('\n') ? (JSON.parse(stdout) as CancelledJob[]) : [];
}

function isRetryAfter({ call, ids, endS }: Operation, cancel: Operation, id: string): boolean {
  return call === 'retry' && ids.includes(id) && endS >= cancel.startS;
}
