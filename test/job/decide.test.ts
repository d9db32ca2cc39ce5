import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, heedCancel, MAX_CRASHES } from '../../src/job/decide.js';
import type { Decidable } from '../../src/job/decide.js';
import type { Outcome } from '../../src/job/outcome.js';
import { isAllowed } from '../../src/job/state.js';

const FRESH: Decidable = {
  attempts: 0,
  maxRetries: 3,
  crashes: 0,
  backoff: { base: 2, maxMs: null, jitter: 0 },
  attached: false,
};
const FAILURE: Outcome = { kind: 'failure', exitCode: 1, signal: null, reason: 'exit code 1' };
const TIMEOUT: Outcome = { kind: 'timeout', exitCode: null, signal: 'SIGTERM', reason: 'timed out' };

/** The waits between the runs of a job that always fails; it is dead after the last. */
function waits(maxRetries: number): number[] {
  const delays: number[] = [];
  for (let attempts = 0; ; attempts++) {
    const transition = decide({ ...FRESH, maxRetries, attempts }, FAILURE, 0.5);
    if (transition.to === 'dead') {
      expect(transition).toEqual({ to: 'dead', attempts: attempts + 1, crashes: 0, reason: 'exit code 1' });
      return delays;
    }
    if (transition.to !== 'failed') throw new Error(`a failure led to ${transition.to}`);
    expect(transition.attempts).toBe(attempts + 1);
    delays.push(transition.delayMs);
  }
}

const job: fc.Arbitrary<Decidable> = fc.record({
  attempts: fc.nat(20),
  maxRetries: fc.nat(20),
  crashes: fc.nat(MAX_CRASHES),
  backoff: fc.record({
    base: fc.double({ min: 1, max: 100, noNaN: true }),
    maxMs: fc.option(fc.nat(1_000_000_000)),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  attached: fc.boolean(),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const outcome = fc.constantFrom<Outcome>(
  { kind: 'success' },
  FAILURE,
  TIMEOUT,
  { kind: 'cancelled', exitCode: null, signal: 'SIGTERM', reason: 'stopped' },
  { kind: 'given_back', delayMs: 0 },
  { kind: 'given_back', delayMs: 4000 },
  { kind: 'lost', cause: 'crash' },
  { kind: 'lost', cause: 'reboot' },
  { kind: 'lost', cause: 'lease' },
);

describe('attempts', () => {
  test('by default a bad command runs at 0, 2 and 6 s and is then dead', () => {
    expect(waits(3)).toEqual([2000, 4000]);
  });

  test.each([
    [0, []],
    [1, []],
    [2, [2000]],
    [5, [2000, 4000, 8000, 16_000]],
  ])('max_retries %i: after each run but the last it waits %j', (maxRetries, expected) => {
    expect(waits(maxRetries)).toEqual(expected);
  });

  test('a timeout counts like any other failure', () => {
    expect(decide(FRESH, TIMEOUT, 0)).toEqual({
      to: 'failed',
      attempts: 1,
      delayMs: 2000,
      reason: 'timed out',
    });
    expect(decide({ ...FRESH, attempts: 2 }, TIMEOUT, 0)).toMatchObject({ to: 'dead', attempts: 3 });
  });

  test('only a failure and a timeout count one, exactly', () => {
    fc.assert(
      fc.property(job, outcome, random, (given, how, chance) => {
        const transition = decide(given, how, chance);
        const counted = 'attempts' in transition ? transition.attempts : given.attempts;
        const counts = how.kind === 'failure' || how.kind === 'timeout';
        expect(counted).toBe(given.attempts + (counts ? 1 : 0));
        if (counts) expect(transition.to).toBe(counted >= given.maxRetries ? 'dead' : 'failed');
      }),
    );
  });
});

describe('every outcome', () => {
  test('leads where the table of transitions allows, with a wait that is a whole number of milliseconds', () => {
    fc.assert(
      fc.property(job, outcome, random, (given, how, chance) => {
        const transition = decide(given, how, chance);
        const operation =
          ({ lost: 'rescue', given_back: 'give_back' } as const)[how.kind as 'lost' | 'given_back'] ??
          'finish';
        expect(isAllowed(operation, 'processing', transition.to)).toBe(true);
        if ('delayMs' in transition) {
          expect(Number.isSafeInteger(transition.delayMs)).toBe(true);
          expect(transition.delayMs).toBeGreaterThanOrEqual(0);
          if (transition.to === 'pending') expect(transition.delayMs).toBe(0);
          if (transition.to === 'scheduled') expect(transition.delayMs).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('success completes and a cancel cancels, whatever was before', () => {
    fc.assert(
      fc.property(job, random, (given, chance) => {
        expect(decide(given, { kind: 'success' }, chance)).toEqual({ to: 'completed' });
        const cancelled = { kind: 'cancelled', exitCode: 0, signal: null, reason: '' } as const;
        expect(decide(given, cancelled, chance)).toEqual({ to: 'cancelled' });
      }),
    );
  });

  test('a job given back waits only where the machine is in trouble', () => {
    const crashed = { ...FRESH, crashes: 2 };
    expect(decide(crashed, { kind: 'given_back', delayMs: 0 }, 0)).toEqual({
      to: 'pending',
      crashes: 2,
      delayMs: 0,
    });
    expect(decide(crashed, { kind: 'given_back', delayMs: 5 }, 0)).toEqual({
      to: 'scheduled',
      crashes: 2,
      delayMs: 5,
    });
  });
});

describe('a worker that died', () => {
  test('a crash counts, and the rerun waits by chance up to 1 s, doubling', () => {
    for (let crashes = 0; crashes < MAX_CRASHES - 1; crashes++) {
      const transition = decide({ ...FRESH, crashes }, { kind: 'lost', cause: 'crash' }, 0.5);
      expect(transition).toEqual({ to: 'scheduled', crashes: crashes + 1, delayMs: 500 * 2 ** crashes });
    }
    expect(decide(FRESH, { kind: 'lost', cause: 'crash' }, 0)).toEqual({
      to: 'pending',
      crashes: 1,
      delayMs: 0,
    });
  });

  test('the fifth crash is poison', () => {
    const transition = decide({ ...FRESH, attempts: 1, crashes: 4 }, { kind: 'lost', cause: 'crash' }, 0.5);
    expect(transition).toMatchObject({
      to: 'dead',
      attempts: 1,
      crashes: 5,
      reason: expect.stringMatching(/^poison/) as string,
    });
  });

  test.each(['reboot', 'lease'] as const)(
    "a %s is not the job's fault: nothing counts, and it is ready at once",
    (cause) => {
      expect(decide({ ...FRESH, crashes: 4 }, { kind: 'lost', cause }, 0.9)).toEqual({
        to: 'pending',
        crashes: 4,
        delayMs: 0,
      });
    },
  );

  test('the job of a foreground run dies with it', () => {
    for (const cause of ['crash', 'reboot', 'lease'] as const)
      expect(decide({ ...FRESH, attached: true }, { kind: 'lost', cause }, 0.5)).toMatchObject({
        to: 'dead',
        attempts: 0,
      });
  });
});

describe('a pending cancel', () => {
  test('lets nothing follow: what a run had not brought to its end is cancelled, and its counts stay', () => {
    fc.assert(
      fc.property(job, outcome, random, (given, how, chance) => {
        const decided = decide(given, how, chance);
        const heeded = heedCancel(decided, how.kind);
        const byItself = decided.to === 'completed' || (decided.to === 'dead' && how.kind !== 'lost');
        expect(heeded.to).toBe(byItself ? decided.to : 'cancelled');
        for (const count of ['attempts', 'crashes'] as const)
          if (count in decided) expect(heeded).toHaveProperty(count, Reflect.get(decided, count));
        expect(heedCancel(heeded, how.kind)).toEqual(heeded);
        for (const operation of ['finish', 'give_back', 'rescue'] as const)
          if (heeded.to === 'cancelled') expect(isAllowed(operation, 'processing', heeded.to)).toBe(true);
      }),
    );
  });

  test('a crash that would have been the last is a cancel, a failure that was the last is not', () => {
    const poison = decide({ ...FRESH, crashes: MAX_CRASHES - 1 }, { kind: 'lost', cause: 'crash' }, 0);
    expect(heedCancel(poison, 'lost')).toMatchObject({ to: 'cancelled', crashes: MAX_CRASHES });
    const dead = decide({ ...FRESH, attempts: 2 }, FAILURE, 0);
    expect(heedCancel(dead, 'failure')).toEqual(dead);
  });
});
