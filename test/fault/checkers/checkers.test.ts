/** A checker that cannot fail proves nothing: each is shown a history that breaks its invariant. */
import { describe, expect, test } from 'vitest';
import { callContract } from './calls.js';
import { checkAll } from './check-all.js';
import type { Checker, Evidence, JobRow } from './evidence.js';
import {
  call,
  cancel,
  end,
  failed,
  good,
  job,
  kill,
  lost,
  run,
  snapshot,
  start,
  stored,
} from './good-history.js';
import { cancelledIsOver } from './cancels.js';
import { noLoss, noPhantom, oneWinnerForAnId } from './loss.js';
import { atLeastOnce, boundedDuplicates, exactlyOnceWithoutFaults, legalHistory, noOverlap } from './runs.js';
import { integrity, noOrphans, withinBounds } from './state.js';
import { backoffKept, inOrder, recovered } from './timing.js';

const again: Partial<Evidence> = {
  ledger: [start, { ...start, run: 2, atS: 20 }, { ...end, run: 2, atS: 21 }],
  ...stored({ jobs: [{ ...job, run: 2, crashes: 1 }], runs: [lost, { ...run, run: 2 }] }),
};
const retriedAt = (atS: number): Partial<Evidence> => ({
  ledger: [start, { ...end, exitCode: 1 }, { ...start, run: 2, atS }, { ...end, run: 2, atS: atS + 1 }],
  ...stored({ jobs: [{ ...job, run: 2, attempts: 1 }], runs: [failed, { ...run, run: 2 }] }),
});
const urgent: JobRow = { ...job, seq: 2, id: '2', priority: 5 };

test('a good history passes every checker, and so does one whose worker was killed', () => {
  const options = { bootS: 0, recoveryBoundS: 2 };
  expect(checkAll(good, options)).toEqual([]);
  expect(checkAll({ ...good, ...again, faults: [kill] }, options)).toEqual([]);
  expect(backoffKept({ ...good, ...retriedAt(13) })).toEqual([]);
});

test('so does one whose job was cancelled, while it waited or while it ran', () => {
  const options = { bootS: 0, recoveryBoundS: 2 };
  const cancelled: JobRow = { ...job, state: 'cancelled' };
  const waiting: Evidence = {
    ...good,
    ledger: [],
    operations: [call, { ...cancel, stdout: '[{"id":"1","run":0}]\n' }],
    snapshot: {
      ...snapshot,
      jobs: [{ ...cancelled, run: 0 }],
      runs: [],
      counters: new Map([['default cancelled', 1]]),
    },
  };
  expect(checkAll(waiting, options)).toEqual([]);
  const running: Evidence = {
    ...waiting,
    ledger: [start],
    operations: [call, { ...cancel, stdout: '[{"id":"1","run":1}]\n' }],
    snapshot: { ...waiting.snapshot, jobs: [cancelled], runs: [{ ...run, outcome: 'cancelled' }] },
  };
  expect(checkAll(running, options)).toEqual([]);
});

const BAD: readonly [string, Checker, string, Partial<Evidence>][] = [
  ['an acknowledged job that is gone', noLoss, 'I1', stored({ jobs: [] })],
  ['an acknowledged job that became another', noLoss, 'I1', stored({ jobs: [{ ...job, mark: 'm2' }] })],
  ['a job that never ends', noLoss, 'I1', stored({ jobs: [{ ...job, state: 'processing' }] })],
  ['a job that nobody asked for', noPhantom, 'I2', { operations: [] }],
  ['a job that is stored twice', noPhantom, 'I2', stored({ jobs: [job, { ...job, seq: 2, id: '2' }] })],
  ['a stored job of a refused call', noPhantom, 'I2', { operations: [{ ...call, exitCode: 5, ids: [] }] }],
  ['a call that acknowledges too little', noPhantom, 'I2', { operations: [{ ...call, ids: [] }] }],
  [
    'a part of a killed bulk',
    noPhantom,
    'I2',
    { operations: [{ ...call, exitCode: null, jobs: [...call.jobs, { mark: 'm2', id: null, kind: 'ok' }] }] },
  ],
  [
    'two winners of one id',
    oneWinnerForAnId,
    'I2',
    { operations: [1, 2].map(() => ({ ...call, jobs: [{ mark: 'm1', id: 'a', kind: 'ok' }] })) },
  ],
  [
    'an id that nobody won',
    oneWinnerForAnId,
    'I2',
    { operations: [{ ...call, exitCode: 4, jobs: [{ mark: 'm1', id: 'a', kind: 'ok' }] }] },
  ],
  ['a success of which the job knows nothing', atLeastOnce, 'I3', { ledger: [start] }],
  ['a success of a job that said 1', atLeastOnce, 'I3', { ledger: [start, { ...end, exitCode: 1 }] }],
  ['a run too many without a fault', exactlyOnceWithoutFaults, 'I4', again],
  [
    'a failing job that runs too seldom',
    exactlyOnceWithoutFaults,
    'I4',
    {
      operations: [{ ...call, jobs: [{ mark: 'm1', id: null, kind: 'fail' }] }],
      ...stored({ jobs: [{ ...job, state: 'dead' }], runs: [failed] }),
    },
  ],
  ['a run that never started', exactlyOnceWithoutFaults, 'I4', { ledger: [] }],
  ['a run that started twice', boundedDuplicates, 'I5', { ledger: [start, start, end] }],
  ['a run the store does not know', boundedDuplicates, 'I5', { ledger: [start, end, { ...start, run: 2 }] }],
  [
    'a job stolen from a living worker',
    boundedDuplicates,
    'I5',
    { ...again, faults: [{ ...kill, pid: 78 }] },
  ],
  ['more lost runs than kills', boundedDuplicates, 'I5', again],
  [
    'a lock that was held',
    noOverlap,
    'I6',
    { ledger: [start, { line: 'OVERLAP', id: '1', run: 2, atS: 10 }] },
  ],
  ['an end after the next start', noOverlap, 'I6', { ledger: [start, { ...start, run: 2 }, end] }],
  [
    'a gap in the numbers of the runs',
    legalHistory,
    'I7',
    stored({ jobs: [{ ...job, run: 2 }], runs: [{ ...run, run: 2 }] }),
  ],
  [
    'a run after a success',
    legalHistory,
    'I7',
    stored({ jobs: [{ ...job, run: 2 }], runs: [run, { ...run, run: 2 }] }),
  ],
  ['a run that left no record', legalHistory, 'I7', stored({ jobs: [{ ...job, run: 2 }] })],
  [
    'a failure that was not counted',
    legalHistory,
    'I7',
    stored({ jobs: [{ ...job, run: 2 }], runs: [failed, { ...run, run: 2 }] }),
  ],
  [
    'a retry that came to nothing',
    legalHistory,
    'I7',
    { operations: [call, { ...call, call: 'retry', jobs: [] }] },
  ],
  [
    'a job that nobody cancelled',
    legalHistory,
    'I7',
    stored({ jobs: [{ ...job, state: 'cancelled' }], runs: [{ ...run, outcome: 'cancelled' }] }),
  ],
  [
    'a run after a cancel',
    cancelledIsOver,
    'I17',
    { operations: [call, { ...cancel, stdout: '[{"id":"1","run":0}]\n' }] },
  ],
  [
    'a second run after a cancel of the first',
    cancelledIsOver,
    'I17',
    {
      operations: [call, { ...cancel, stdout: '[{"id":"1","run":1}]\n' }],
      ledger: [start, end, { ...start, run: 2, atS: 12 }],
    },
  ],
  ['a process that is left', noOrphans, 'I8', { leftProcesses: ['99 of job 1: sleep 30'] }],
  [
    'a job before a more urgent one',
    inOrder,
    'I10',
    { ledger: [start, { ...start, id: '2' }], ...stored({ jobs: [job, urgent] }) },
  ],
  ['a retry that came too soon', backoffKept, 'I12', retriedAt(11.5)],
  [
    'a worker that keeps its descriptors',
    withinBounds,
    'I13',
    { samples: [{ pid: 1, rssKb: 1, descriptors: 900, threads: 9 }] },
  ],
  ['a log that grows', withinBounds, 'I13', stored({ walBytes: 1 << 30 })],
  ['a damaged page', integrity, 'I14', stored({ damage: ['wrong # of entries in index jobs_id'] })],
  ['a counter that is off', integrity, 'I14', stored({ counters: new Map([['default completed', 2]]) })],
  ['a session that nobody removed', integrity, 'I14', stored({ sessions: 1 })],
  ['a late recovery', recovered(0, 0.1), 'I15', { ...again, faults: [kill] }],
  ['a queue that does not drain', recovered(0, 60), 'I15', { stuck: '1 processing' }],
  [
    'a stack trace',
    callContract,
    'I16',
    { operations: [{ ...call, exitCode: 4, stderr: 'error: x\n    at y (z.js:1)\n' }] },
  ],
  [
    'two lines of error',
    callContract,
    'I16',
    { operations: [{ ...call, exitCode: 4, stderr: 'error: x\nand y\n' }] },
  ],
  ['an error that exits 0', callContract, 'I16', { operations: [{ ...call, stderr: 'error: x\n' }] }],
  [
    'a mistake of our own',
    callContract,
    'I16',
    { operations: [{ ...call, exitCode: 1, stderr: 'error: x\n' }] },
  ],
  [
    'trouble where there is none',
    callContract,
    'I16',
    { operations: [{ ...call, exitCode: 5, stderr: 'error: x\n' }] },
  ],
  ['a death that nobody caused', callContract, 'I16', { operations: [{ ...call, exitCode: null }] }],
];

describe('a checker finds', () => {
  test.each(BAD)('%s', (_what, check, invariant, changes) => {
    expect(check({ ...good, ...changes }).map((violation) => violation.invariant)).toContain(invariant);
  });
});
