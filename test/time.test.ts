import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatDuration, formatInstant, formatLocal, parseDuration, parseInstant } from '../src/time.js';

describe('durations', () => {
  test('what is formatted is read back, to the millisecond', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 * 365 * 86_400_000 }), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
      }),
    );
  });

  test.each([
    ['90', 90_000],
    ['0', 0],
    ['0.5', 500],
    ['500ms', 500],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
    [' 10m ', 600_000],
    ['10M', 600_000],
    ['1H30m', 5_400_000],
    ['1m1m', 120_000],
    ['0.1ms', 0],
  ])('%j is %i ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });

  test.each([
    '',
    ' ',
    '-1',
    '-5s',
    '+5s',
    '5 s',
    's',
    '1h-',
    '1h30',
    '.5',
    '5.',
    '1,5h',
    '1e3',
    'Infinity',
    'NaN',
    '5y',
    '5µs',
    '٣s',
    '1h\n2m',
    '0x10',
  ])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, '0s'],
    [1, '1ms'],
    [1500, '1s500ms'],
    [5_400_000, '1h30m'],
    [86_400_000, '1d'],
    [0.4, '0s'],
  ])('%d ms is %j', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe('instants', () => {
  const years = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(9999, 11, 31) });

  test('what is formatted for machines is read back', () => {
    fc.assert(
      fc.property(years, (instant) => {
        expect(parseInstant(formatInstant(instant))).toBe(instant);
      }),
    );
  });

  test('what is formatted for people is read back as local time, to the second', () => {
    fc.assert(
      fc.property(years, (instant) => {
        const second = Math.floor(instant / 1000) * 1000;
        const read = parseInstant(formatLocal(second)) ?? NaN;
        // The hour that a change of clocks repeats has two instants.
        expect([0, 3_600_000, -3_600_000, 1_800_000, -1_800_000]).toContain(read - second);
      }),
    );
  });

  test.each(['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'])(
    'a date alone is midnight in %s',
    (zone) => {
      const before = process.env['TZ'];
      process.env['TZ'] = zone;
      onTestFinished(() => {
        if (before === undefined) delete process.env['TZ'];
        else process.env['TZ'] = before;
      });
      expect(formatLocal(parseInstant('2026-07-01') ?? 0)).toBe('2026-07-01 00:00:00');
      expect(parseInstant('2026-11-24')).toBe(new Date(2026, 10, 24).getTime());
      expect(parseInstant('2026-11-24 09:05')).toBe(new Date(2026, 10, 24, 9, 5).getTime());
      expect(parseInstant('2026-11-24T09:05:07')).toBe(new Date(2026, 10, 24, 9, 5, 7).getTime());
    },
  );

  test.each([
    ['2026-11-24Z', Date.UTC(2026, 10, 24)],
    ['2026-11-24T09:05Z', Date.UTC(2026, 10, 24, 9, 5)],
    ['2026-11-24t09:05:01z', Date.UTC(2026, 10, 24, 9, 5, 1)],
    ['2026-11-24T09:05+02:00', Date.UTC(2026, 10, 24, 7, 5)],
    ['2026-11-24T09:05:00+0200', Date.UTC(2026, 10, 24, 7, 5)],
    ['2026-11-24 09:05:00.123456789-01:30', Date.UTC(2026, 10, 24, 10, 35, 0, 123)],
    ['2024-02-29Z', Date.UTC(2024, 1, 29)],
    [' 2026-01-01Z ', Date.UTC(2026, 0, 1)],
  ])('%j is an instant', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  test.each([
    '',
    'now',
    'tomorrow',
    '2026',
    '2026-11',
    '2026-02-30',
    '2026-02-29',
    '2025-04-31',
    '2026-00-01',
    '2026-13-01',
    '2026-01-00',
    '2026-01-32',
    '26-01-01',
    '2026-1-1',
    '2026/01/01',
    '2026-01-01T',
    '2026-01-01T9:00',
    '2026-01-01T25:00',
    '2026-01-01T10:60',
    '2026-01-01T10:00:61',
    '2026-01-01T10:00:00+99:00',
    '2026-01-01T10:00 Z',
    '1800000000',
    '20260101',
  ])('%j is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
