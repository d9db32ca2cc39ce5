import fc from 'fast-check';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { QueueError } from '../../src/errors.js';
import { parseCancel } from '../../src/job/cancel-options.js';
import type { CancelOptions } from '../../src/job/cancel-options.js';
import { hastened, isSameCancel } from '../../src/job/cancel.js';
import type { PendingCancel } from '../../src/job/cancel.js';

describe('what a person asks for', () => {
  test('by default TERM, the grace of the job, and no more words than needed', () => {
    expect(parseCancel({})).toEqual({ signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' });
  });

  test.each<[CancelOptions, object]>([
    [{ signal: 'INT' }, { signal: 'SIGINT', graceMs: null }],
    [{ signal: 'sigusr1' }, { signal: 'SIGUSR1' }],
    [{ signal: 2 }, { signal: 'SIGINT' }],
    [{ signal: '34' }, { signal: '34' }],
    [{ grace: '1m' }, { signal: 'SIGTERM', graceMs: 60_000 }],
    [{ grace: 2 }, { graceMs: 2000 }],
    [{ now: true }, { signal: 'SIGKILL', graceMs: 0 }],
    [
      { signal: 'KILL', grace: '1h' },
      { signal: 'SIGKILL', graceMs: 0 },
    ],
    [{ now: false, reason: 'too late' }, { reason: 'cancelled by a person: too late' }],
  ])('%o', (options, expected) => {
    expect(parseCancel(options)).toMatchObject(expected);
  });

  test.each<CancelOptions>([
    { signal: 'TREM' },
    { signal: '' },
    { signal: 0 },
    { signal: 65 },
    { signal: 1.5 },
    { grace: 'soon' },
    { grace: -1 },
    { grace: '2d' },
    { now: true, signal: 'TERM' },
    { now: true, grace: 1 },
    { reason: '' },
    { reason: 'x'.repeat(1001) },
    { reason: 'a\0b' },
  ])('refused: %o', (options) => {
    let refusal: unknown;
    try {
      parseCancel(options);
    } catch (error) {
      refusal = error;
    }
    if (!(refusal instanceof QueueError)) throw new Error('it was taken');
    expect(refusal.code).toBe('usage');
    expect(refusal.message).not.toMatch(/[\n\r]/);
  });

  test.runIf(process.platform === 'linux')('the names and numbers are those of this system', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      if (['SIGIOT', 'SIGPOLL', 'SIGUNUSED'].includes(name)) continue; // Other names of the same.
      expect(parseCancel({ signal: number }).signal).toBe(name);
      expect(parseCancel({ signal: name }).signal).toBe(name);
    }
  });
});

const pending: fc.Arbitrary<PendingCancel> = fc.record({
  atMs: fc.nat(1000),
  graceMs: fc.nat(1000),
  signal: fc.constantFrom('SIGTERM', 'SIGINT'),
  reason: fc.string(),
});

test('of two cancels the nearer end counts; how and why, the first one says', () => {
  fc.assert(
    fc.property(pending, pending, (first, second) => {
      const both = hastened(first, second);
      const end = (cancel: PendingCancel): number => cancel.atMs + cancel.graceMs;
      expect(end(both)).toBe(Math.min(end(first), end(second)));
      expect([both.signal, both.reason]).toEqual([first.signal, first.reason]);
      expect(isSameCancel(first, both)).toBe(both === first);
      expect(isSameCancel(null, both)).toBe(false);
    }),
  );
});
