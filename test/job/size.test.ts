import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSize, formatSizeRoughly, parseSize } from '../../src/job/size.js';

test.each<[string, number]>([
  ['0', 0],
  ['4096', 4096],
  ['10B', 10],
  ['1K', 1024],
  ['512M', 512 * 2 ** 20],
  ['512m', 512 * 2 ** 20],
  ['2GiB', 2 ** 31],
  ['1.5G', 1.5 * 2 ** 30],
  [' 1 TiB ', 2 ** 40],
  ['1P', 2 ** 50],
  ['1kB', 1000],
  ['2GB', 2e9],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', 'M', '-1', '+1', '1e3', '1 2', '1MiBs', '1iB', '1Q', '0x10', '1.', '.5', '1,5M'])(
  '%j is no size',
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);

test('what is formatted is read back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 5 }), (amount, power) => {
      const bytes = Math.min(Number.MAX_SAFE_INTEGER, (amount % 1024) * 1024 ** power);
      for (const size of [amount, bytes]) expect(parseSize(formatSize(size))).toBe(size);
    }),
  );
});

test('for a person a size is rounded', () => {
  expect([0, 1000, 1024, 5 * 2 ** 20, 1.25 * 2 ** 30].map(formatSizeRoughly)).toEqual([
    '0',
    '1000',
    '1.0K',
    '5.0M',
    '1.3G',
  ]);
});
