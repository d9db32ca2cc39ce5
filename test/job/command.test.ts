import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandText } from '../../src/job/command.js';

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom(
    '',
    ' ',
    "'",
    '"',
    '\\',
    '$HOME',
    '`id`',
    '*',
    '~',
    '-n',
    '!',
    "it's",
    '\n',
    'a\nb',
    '#',
    '%s',
    '=',
    'a=b',
    '\u{1f980}',
  ),
);

test('a shell reads the words back as they were', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
      const line = `printf '%s\\0' ${commandText(words)}`;
      const output = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8', env: { HOME: '/x' } });
      expect(output.split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: 60 },
  );
});

test('plain words stay plain, and a shell line is shown as it is', () => {
  expect(commandText(['make', '-j4', 'a/b.c', 'x=1'])).toBe('make -j4 a/b.c x=1');
  expect(commandText('echo "$HOME" | wc')).toBe('echo "$HOME" | wc');
});
