import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crashDelayMs, LONGEST_DELAY_MS, retryDelayMs, troubleDelayMs } from '../../src/job/backoff.js';
import { DAY } from '../../src/time.js';

const base = fc.double({ min: 1, max: 100, noNaN: true });
const attempts = fc.integer({ min: 1, max: 10_000 });
const jitter = fc.double({ min: 0, max: 1, noNaN: true });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const maxMs = fc.option(fc.nat(LONGEST_DELAY_MS));

test('base 2 waits 2, 4, 8 seconds; base 1 waits one each time', () => {
  expect([1, 2, 3].map((n) => retryDelayMs({ base: 2, maxMs: null, jitter: 0 }, n, 0.7))).toEqual([
    2000, 4000, 8000,
  ]);
  expect([1, 2, 30].map((n) => retryDelayMs({ base: 1, maxMs: null, jitter: 0 }, n, 0.7))).toEqual([
    1000, 1000, 1000,
  ]);
});

test('a wait is a whole number of milliseconds from 0 to the cap, and never over 365 days', () => {
  expect(LONGEST_DELAY_MS).toBe(365 * DAY);
  fc.assert(
    fc.property(base, maxMs, jitter, attempts, random, (b, max, j, n, chance) => {
      const delayMs = retryDelayMs({ base: b, maxMs: max, jitter: j }, n, chance);
      expect(Number.isSafeInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(max ?? LONGEST_DELAY_MS);
    }),
  );
});

test('without jitter waits never get shorter, and chance has no say', () => {
  fc.assert(
    fc.property(base, maxMs, attempts, random, (b, max, n, chance) => {
      const backoff = { base: b, maxMs: max, jitter: 0 };
      expect(retryDelayMs(backoff, n + 1, 0)).toBeGreaterThanOrEqual(retryDelayMs(backoff, n, chance));
    }),
  );
});

test('jitter takes away at most its part', () => {
  fc.assert(
    fc.property(base, jitter, attempts, random, (b, j, n, chance) => {
      const whole = retryDelayMs({ base: b, maxMs: null, jitter: 0 }, n, 0);
      const delayMs = retryDelayMs({ base: b, maxMs: null, jitter: j }, n, chance);
      expect(delayMs).toBeLessThanOrEqual(whole);
      expect(delayMs).toBeGreaterThanOrEqual(Math.floor(whole * (1 - j)) - 1);
    }),
  );
});

test('the wait after a crash is anything from nothing to 1 s, doubling', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), random, (crashes, chance) => {
      const delayMs = crashDelayMs(crashes, chance);
      expect(Number.isSafeInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(Math.min(1000 * 2 ** (crashes - 1), LONGEST_DELAY_MS));
    }),
  );
});

test('trouble of the machine waits 1 s, doubling to a minute', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 5000].map(troubleDelayMs)).toEqual([
    1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
  ]);
});
