/** What the checkers make of jobs that persons held, released, set and removed. */
import { describe, expect, test } from 'vitest';
import { changesHold } from './changes.js';
import { checkAll } from './check-all.js';
import { SET_PRIORITY } from './evidence.js';
import type { ChangeCall, Checker, Evidence, Operation } from './evidence.js';
import { call, cancel, end, good, job, snapshot, start, stored } from './good-history.js';
import { noLoss } from './loss.js';

const told = (what: ChangeCall, atRun: number, startS: number): Operation => ({
  ...cancel,
  call: what,
  startS,
  endS: startS + 0.5,
  stdout: `[{"id":"1","run":${atRun}}]\n`,
});

test('a history passes in which jobs were put aside, given a priority, released or removed', () => {
  const options = { bootS: 0, recoveryBoundS: 2 };
  const held: Evidence = {
    ...good,
    ledger: [],
    operations: [call, told('set', 0, 10), told('hold', 0, 11), told('release', 0, 12), told('hold', 0, 13)],
    snapshot: {
      ...snapshot,
      jobs: [{ ...job, state: 'held', run: 0, priority: SET_PRIORITY }],
      runs: [],
      counters: new Map([['default held', 1]]),
    },
  };
  expect(checkAll(held, options)).toEqual([]);
  const removed: Evidence = {
    ...good,
    operations: [call, told('remove', 1, 12)],
    snapshot: { ...snapshot, jobs: [], runs: [], counters: new Map() },
  };
  expect(checkAll(removed, options)).toEqual([]);
});

const BAD: readonly [string, Checker, string, Partial<Evidence>][] = [
  [
    'a job that is held, though nobody put it aside',
    noLoss,
    'I1',
    stored({ jobs: [{ ...job, state: 'held' }] }),
  ],
  [
    'a job that is held, though it was released',
    noLoss,
    'I1',
    {
      operations: [call, told('hold', 0, 11), told('release', 0, 12)],
      ...stored({ jobs: [{ ...job, state: 'held' }] }),
    },
  ],
  ['a removed job that is there', changesHold, 'I18', { operations: [call, told('remove', 1, 12)] }],
  [
    'a removed job that begins',
    changesHold,
    'I18',
    {
      operations: [call, told('remove', 1, 12)],
      ledger: [start, end, { ...start, run: 2, atS: 14 }],
      ...stored({ jobs: [] }),
    },
  ],
  ['a held job that begins', changesHold, 'I18', { operations: [call, told('hold', 0, 9)] }],
  [
    'a released job that is held',
    changesHold,
    'I18',
    { operations: [call, told('release', 0, 9)], ...stored({ jobs: [{ ...job, state: 'held' }] }) },
  ],
  ['a priority that was given and is lost', changesHold, 'I18', { operations: [call, told('set', 0, 9)] }],
];

describe('a checker finds', () => {
  test.each(BAD)('%s', (_what, check, invariant, changes) => {
    expect(check({ ...good, ...changes }).map((violation) => violation.invariant)).toContain(invariant);
  });
});
