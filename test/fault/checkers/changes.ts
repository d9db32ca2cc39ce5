import { SET_PRIORITY } from './evidence.js';
import type { Checker, Evidence, Operation } from './evidence.js';

/**
 * I18: what a person was told of a change holds. A held job begins no later run until it is released, a released one does
 * not stay held, a removed one is gone and never begins, and a job has the priority that it was given.
 */
export const changesHold: Checker = (evidence) =>
  evidence.operations.flatMap((operation) =>
    acknowledged(operation).flatMap((job) => {
      const message = broken(evidence, operation, job);
      return message === null ? [] : [{ invariant: 'I18', job: job.id, message }];
    }),
  );

interface ChangedJob {
  readonly id: string;
  readonly run: number;
}

const CHANGES: ReadonlySet<Operation['call']> = new Set(['hold', 'release', 'set', 'remove']);

/** What the call printed as JSON: one line, or nothing where it was killed before. */
function acknowledged({ call, stdout }: Operation): readonly ChangedJob[] {
  return CHANGES.has(call) && stdout.endsWith('\n') ? (JSON.parse(stdout) as ChangedJob[]) : [];
}

function broken(evidence: Evidence, operation: Operation, { id, run }: ChangedJob): string | null {
  const { ledger, snapshot, operations } = evidence;
  const row = snapshot.jobs.find((job) => job.id === id);
  const begins = (from: (line: { run: number; atS: number }) => boolean): boolean =>
    ledger.some((line) => line.line === 'S' && line.id === id && from(line));
  const follows = (...calls: Operation['call'][]): boolean =>
    operations.some(
      (other) => calls.includes(other.call) && other.ids.includes(id) && other.endS >= operation.startS,
    );
  switch (operation.call) {
    case 'hold':
      // A held job that is cancelled may be retried.
      return begins((line) => line.run > run) && !follows('release', 'retry')
        ? 'began, though it was held'
        : null;
    case 'release':
      return row?.state === 'held' && !follows('hold') ? 'is held, though it was released' : null;
    case 'set':
      return row === undefined || row.priority === SET_PRIORITY
        ? null
        : `has lost its priority for ${row.priority}`;
    default:
      if (row !== undefined) return 'is there, though it was removed';
      return begins((line) => line.atS > operation.endS) ? 'began, though it was removed' : null;
  }
}
