import type { Checker, Operation, Violation } from './evidence.js';

/** The ledger's clock ticks a hundred times a second. */
const TICK_S = 0.02;
const ACKNOWLEDGED = /^Job (\S+) (is cancelled|has been asked to end)\.$/;

/**
 * I17: what was told that it is cancelled does not run after that; of what was told that it has been asked to end, no
 * run but the one under way begins. A retry ends the promise.
 */
export const cancelledIsOver: Checker = ({ operations, ledger }) =>
  operations.flatMap((operation) =>
    acknowledgements(operation).flatMap(({ id, mayStart }): Violation[] => {
      if (operations.some((other) => isRetryAfter(other, operation, id))) return [];
      const after = ledger.filter(
        (line) => line.line === 'S' && line.id === id && line.atS > operation.endS + TICK_S,
      );
      const surplus = after[mayStart];
      if (surplus === undefined) return [];
      return [{ invariant: 'I17', job: id, message: `run ${surplus.run} began after it was cancelled` }];
    }),
  );

function acknowledgements({ call, stdout }: Operation): { id: string; mayStart: number }[] {
  if (call !== 'cancel') return [];
  return stdout.split('\n').flatMap((line) => {
    const [, id, words] = ACKNOWLEDGED.exec(line) ?? [];
    return id === undefined ? [] : [{ id, mayStart: words === 'is cancelled' ? 0 : 1 }];
  });
}

function isRetryAfter({ call, ids, endS }: Operation, cancel: Operation, id: string): boolean {
  return call === 'retry' && ids.includes(id) && endS >= cancel.startS;
}
