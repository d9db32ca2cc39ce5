import { expect, test } from 'vitest';
import { BeatWatch } from '../../../src/store/postgres/beat-watch.js';

const LEASE_MS = 1000;

function beat(beatMs: number, id = 1, leaseMs = LEASE_MS) {
  return { id, beatMs, leaseMs };
}

test('a session is silent once one beat of it was seen for its whole lease, from the first answer to the last question', () => {
  const watch = new BeatWatch();
  expect(watch.look([beat(7)], 0, 100)).toEqual([]);
  expect(watch.look([beat(7)], 1099, 1200)).toEqual([]);
  expect(watch.look([beat(7)], 1100, 1300)).toEqual([{ id: 1, beatMs: 7 }]);
});

test('each beat begins the lease anew, also one that a clock which was set back has made', () => {
  const watch = new BeatWatch();
  watch.look([beat(7)], 0, 0);
  expect(watch.look([beat(3)], 900, 900)).toEqual([]);
  expect(watch.look([beat(3)], 1899, 1899)).toEqual([]);
  expect(watch.look([beat(3)], 1900, 1900)).toEqual([{ id: 1, beatMs: 3 }]);
});

test('how far a beat lies back by its own clock means nothing', () => {
  const watch = new BeatWatch();
  expect(watch.look([beat(-1_000_000_000)], 5_000_000, 5_000_000)).toEqual([]);
});

test('what was seen before the connection broke counts for nothing', () => {
  const watch = new BeatWatch();
  watch.look([beat(7)], 0, 0);
  watch.forget();
  expect(watch.look([beat(7)], 1500, 1500)).toEqual([]);
  expect(watch.look([beat(7)], 2500, 2500)).toEqual([{ id: 1, beatMs: 7 }]);
});

test('each session has its own lease, and one that was gone for a while is new', () => {
  const watch = new BeatWatch();
  watch.look([beat(7), beat(7, 2, 5000)], 0, 0);
  expect(watch.look([beat(7), beat(7, 2, 5000)], 1000, 1000)).toEqual([{ id: 1, beatMs: 7 }]);
  watch.look([beat(7, 2, 5000)], 2000, 2000);
  expect(watch.look([beat(7), beat(7, 2, 5000)], 5000, 5000)).toEqual([{ id: 2, beatMs: 7 }]);
});

test('the next look is due when the first of those that are not silent yet may be', () => {
  const watch = new BeatWatch();
  const beats = [beat(7), beat(7, 2, 5000)];
  watch.look(beats, 0, 0);
  expect(watch.nextAt(beats, 10)).toBe(1000);
  expect(watch.nextAt(beats, 1000)).toBe(5000);
  expect(watch.nextAt([], 0)).toBe(Infinity);
});
