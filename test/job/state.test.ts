import { expect, test } from 'vitest';
import {
  FINAL_STATES,
  isAllowed,
  isFinal,
  isState,
  STATES,
  statesBefore,
  TRANSITIONS,
} from '../../src/job/state.js';
import type { Operation, State } from '../../src/job/state.js';

const OPERATIONS = Object.keys(TRANSITIONS) as Operation[];

function nextStates(state: State): State[] {
  return OPERATIONS.flatMap((operation) => STATES.filter((to) => isAllowed(operation, state, to)));
}

test.each(STATES)('from %s there is a way to an end', (state) => {
  const reached = new Set<State>([state]);
  for (const each of reached) for (const next of nextStates(each)) reached.add(next);
  expect(FINAL_STATES.some((final) => reached.has(final))).toBe(true);
});

test('only a retry takes a job out of its end', () => {
  for (const state of FINAL_STATES)
    expect(OPERATIONS.filter((operation) => statesBefore(operation).includes(state))).toEqual(['retry']);
});

test('processing is entered by a claim alone, and left by the report of a run alone', () => {
  for (const operation of OPERATIONS)
    for (const from of STATES)
      if (from !== 'processing' && isAllowed(operation, from, 'processing'))
        expect([operation, from]).toEqual(['claim', 'pending']);
  expect(OPERATIONS.filter((operation) => nextOf(operation, 'processing').length > 0)).toEqual([
    'finish',
    'give_back',
    'rescue',
    'cancel',
  ]);
});

function nextOf(operation: Operation, from: State): State[] {
  return STATES.filter((to) => isAllowed(operation, from, to));
}

test('isAllowed says what the table says, pair by pair', () => {
  for (const operation of OPERATIONS) {
    const table: Partial<Record<State, readonly State[]>> = TRANSITIONS[operation];
    for (const from of STATES) expect(new Set(nextOf(operation, from))).toEqual(new Set(table[from] ?? []));
    expect(statesBefore(operation)).toEqual(STATES.filter((state) => table[state] !== undefined));
  }
});

test('words that are states, and words that are not', () => {
  for (const state of STATES) expect(isState(state)).toBe(true);
  for (const word of ['', 'Pending', 'done', 'toString', '__proto__']) expect(isState(word)).toBe(false);
  expect(STATES.filter(isFinal)).toEqual([...FINAL_STATES]);
});
