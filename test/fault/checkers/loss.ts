import { isFinal } from '../../../src/job/state.js';
import { isUnknown, mayHaveDone } from './evidence.js';
import type { AskedJob, Checker, Evidence, JobRow, Operation, Violation } from './evidence.js';

/** The store takes so many lines of a file in one transaction. */
const BATCH = 1000;

/**
 * I1: every acknowledged job exists, as it was asked for, and has come to an end; but for those that a person removed, and
 * those that a person put aside and nobody let go.
 */
export const noLoss: Checker = (evidence) => {
  const byId = new Map(evidence.snapshot.jobs.map((job) => [job.id, job]));
  const removed = removedIds(evidence);
  const lost = acknowledged(evidence).flatMap(({ id, asked }) => {
    if (removed.has(id)) return [];
    const job = byId.get(id);
    if (job === undefined) return violation('I1', id, 'was acknowledged and is gone');
    if (job.mark !== asked.mark)
      return violation('I1', id, `is not the job that was acknowledged (${asked.mark})`);
    return [];
  });
  const unfinished = evidence.snapshot.jobs
    .filter((job) => !isFinal(job.state) && !(job.state === 'held' && isPutAside(job.id, evidence)))
    .flatMap((job) => violation('I1', job.id, `is still ${job.state} after the drain`));
  return [...lost, ...unfinished];
};

function removedIds({ operations }: Evidence): Set<string> {
  return new Set(mayHaveDone(operations, 'remove').flatMap(({ ids }) => ids));
}

function isPutAside(id: string, { operations }: Evidence): boolean {
  const isReleased = (hold: Operation): boolean =>
    operations.some(
      ({ call, ids, exitCode, startS }) =>
        call === 'release' && exitCode === 0 && ids.includes(id) && startS >= hold.endS,
    );
  return mayHaveDone(operations, 'hold').some((hold) => hold.ids.includes(id) && !isReleased(hold));
}

function acknowledged({ operations }: Evidence): { id: string; asked: AskedJob }[] {
  return operations
    .filter((operation) => operation.jobs.length > 0)
    .flatMap(({ ids, jobs }) =>
      ids.flatMap((id, index) => (jobs[index] ? [{ id, asked: jobs[index] }] : [])),
    );
}

/** I2: nothing is stored that no client asked for, or that a client was refused; a job is stored once. */
export const noPhantom: Checker = (evidence) => {
  const byMark = new Map<string, JobRow[]>();
  for (const job of evidence.snapshot.jobs) byMark.set(job.mark, [...(byMark.get(job.mark) ?? []), job]);
  const askedFor = new Set(evidence.operations.flatMap(({ jobs }) => jobs.map(({ mark }) => mark)));
  const unknown = [...byMark].flatMap(([mark, jobs]) => {
    if (!askedFor.has(mark)) return violation('I2', jobs[0]?.id ?? mark, 'was never asked for');
    return jobs.length > 1 ? violation('I2', mark, `is stored ${jobs.length} times`) : [];
  });
  const removed = removedIds(evidence);
  const gone = new Set(
    acknowledged(evidence).flatMap(({ id, asked }) => (removed.has(id) ? [asked.mark] : [])),
  );
  return [
    ...unknown,
    ...evidence.operations.flatMap((operation) =>
      checkOperation(operation, (mark) => byMark.has(mark) || gone.has(mark)),
    ),
  ];
};

function checkOperation(operation: Operation, wasStored: (mark: string) => boolean): Violation[] {
  const { jobs, exitCode, ids } = operation;
  const stored = jobs.map(({ mark }) => wasStored(mark));
  const count = stored.filter(Boolean).length;
  const first = jobs[0]?.mark ?? null;
  if (exitCode !== 0 && !isUnknown(operation) && count > 0)
    return violation('I2', first, `${count} jobs of a call that exited ${exitCode} are stored`);
  if (exitCode === 0 && ids.length !== jobs.length && jobs.length > 0)
    return violation('I2', first, `a call for ${jobs.length} jobs exited 0 and acknowledged ${ids.length}`);
  const isPrefix = stored.lastIndexOf(true) === count - 1;
  // A job whose id is taken ends the call, and those before it stay stored.
  const mayEndAnywhere = jobs.some(({ id }) => id !== null);
  if (!isPrefix || (count !== jobs.length && count % BATCH !== 0 && !mayEndAnywhere))
    return violation(
      'I2',
      first,
      `${count} of ${jobs.length} jobs of one call are stored: not all, none or whole batches`,
    );
  return [];
}

/** A part of I2: of several clients that bring the same id, one succeeds and the others are told (4). */
export const oneWinnerForAnId: Checker = (evidence) => {
  const { operations } = evidence;
  const removed = removedIds(evidence);
  const byId = new Map<string, Operation[]>();
  for (const operation of operations) {
    for (const { id } of operation.jobs) if (id !== null) byId.set(id, [...(byId.get(id) ?? []), operation]);
  }
  return [...byId].flatMap(([id, rivals]) => {
    const won = rivals.filter(({ exitCode }) => exitCode === 0).length;
    if (won > 1 && !removed.has(id))
      return violation('I2', id, `${won} clients were told that they stored this id`);
    const told = rivals.some(({ exitCode }) => exitCode === 4);
    const mayHaveWon = rivals.some((rival) => rival.exitCode === 0 || isUnknown(rival));
    return told && !mayHaveWon ? violation('I2', id, 'every client was told that the id exists already') : [];
  });
};

function violation(invariant: 'I1' | 'I2', job: string | null, message: string): Violation[] {
  return [{ invariant, job, message }];
}
