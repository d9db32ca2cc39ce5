/** What the checkers make of a queue on a server: answers that were lost, workers that were cut off. */
import { expect, test } from 'vitest';
import { callContract } from './calls.js';
import { checkAll } from './check-all.js';
import type { Evidence, Fault, Operation } from './evidence.js';
import { call, end, good, job, run, start, stored } from './good-history.js';
import { noPhantom } from './loss.js';
import { boundedDuplicates } from './runs.js';
import { recoveries, takeovers } from './timing.js';

const options = { bootS: 0, recoveryBoundS: 40 };
const UNKNOWN =
  'error: the database db broke off the connection: it is not known whether the change was made\nhint: look\n';
const cut: Fault = { fault: 'cut', startS: 9.5, endS: 30, pid: 77 };
const unanswered: Operation = { ...call, exitCode: 5, ids: [], stdout: '', stderr: UNKNOWN };

const cutOff: Evidence = {
  ...good,
  leaseS: 10,
  faults: [cut],
  ledger: [start, { ...start, run: 2, atS: 25, workerPid: 78 }, { ...end, run: 2, atS: 26 }],
  ...stored({
    jobs: [{ ...job, run: 2 }],
    runs: [
      { ...run, outcome: 'lost', reason: 'lost: its worker was cut off' },
      { ...run, run: 2 },
    ],
  }),
};

test('a call whose answer was lost may have done its work, or not', () => {
  expect(checkAll({ ...good, faults: [cut], operations: [unanswered] }, options)).toEqual([]);
  const nothing = stored({ jobs: [], runs: [], counters: new Map() });
  const notDone = { ...good, faults: [cut], operations: [unanswered], ledger: [], ...nothing };
  expect(checkAll(notDone, options)).toEqual([]);
});

test('one that says it cannot reach the database has done nothing', () => {
  const refused = { ...unanswered, stderr: 'error: the database db does not answer\n' };
  const found = noPhantom({ ...good, faults: [cut], operations: [refused] });
  expect(found.map(({ invariant }) => invariant)).toEqual(['I2']);
});

test('a call may fail for the network only while the network is in trouble', () => {
  const early = { ...unanswered, startS: 1, endS: 2 };
  expect(callContract({ ...good, faults: [cut], operations: [early] })).toHaveLength(1);
});

test('a job of a worker that was cut off runs elsewhere, and counts no crash', () => {
  expect(checkAll(cutOff, options)).toEqual([]);
});

test('a job is not taken from a worker that was well', () => {
  for (const faults of [[], [{ ...cut, pid: 78 }], [{ ...cut, startS: 1, endS: 2 }]])
    expect(boundedDuplicates({ ...cutOff, faults })).toHaveLength(1);
});

test('what was taken from a silent worker is timed from its silence, and is no recovery from a later kill', () => {
  const killed: Fault = { fault: 'kill', startS: 40, endS: 40, pid: 77 };
  const both = { ...cutOff, faults: [cut, killed] };
  expect(takeovers(both, 0)).toEqual([{ job: '1', seconds: 1.5 }]);
  expect(recoveries(both, 0)).toEqual([]);
});
