import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QueueError } from '../../../src/errors.js';
import { EVERY_JOB, idsOf } from '../../../src/job/filter/filter.js';
import type { Filter } from '../../../src/job/filter/filter.js';
import { parseFilter } from '../../../src/job/filter/parse-filter.js';
import { FINAL_STATES, STATES } from '../../../src/job/state.js';
import { filters, textOf } from '../../support/filters.js';

const jobs = (ids: string[], ranges: [number, number][] = [], last = false): Filter => ({
  kind: 'jobs',
  ids,
  ranges: ranges.map(([from, to]) => ({ from, to })),
  last,
});
const state = (...states: (typeof STATES)[number][]): Filter => ({ kind: 'state', states });
const not = (of: Filter): Filter => ({ kind: 'not', of });
const every = (...of: Filter[]): Filter => ({ kind: 'every', of });
const some = (...of: Filter[]): Filter => ({ kind: 'some', of });
const number = (
  field: 'exit' | 'priority' | 'took' | 'max_retries',
  from: number | null,
  to: number | null,
): Filter => ({
  kind: 'number',
  field,
  ranges: [{ from, to }],
});

const MEANINGS: readonly (readonly [string, Filter])[] = [
  ['42', jobs(['42'])],
  ['3 5', jobs(['3', '5'])],
  ['3 5 3', jobs(['3', '5'])],
  ['3-9,12,build-1', jobs(['12', 'build-1'], [[3, 9]])],
  ['last', jobs([], [], true)],
  ['id:3-9,last', jobs([], [[3, 9]], true)],
  ['all', EVERY_JOB],
  ['state:dead', state('dead')],
  ['STATE:dead', state('dead')],
  ['state=dead,failed', state('dead', 'failed')],
  ['state:over', state(...FINAL_STATES)],
  ['state:all', state(...STATES)],
  ['state!=dead', not(state('dead'))],
  ['queue:video,mail', { kind: 'text', field: 'queue', values: ['video', 'mail'] }],
  ['command~ffmpeg', { kind: 'contains', field: 'command', text: 'ffmpeg' }],
  ['command~"two words"', { kind: 'contains', field: 'command', text: 'two words' }],
  [`label~'say "no"'`, { kind: 'contains', field: 'label', text: 'say "no"' }],
  ['reason!~memory', not({ kind: 'contains', field: 'reason', text: 'memory' })],
  ['signal:kill', { kind: 'text', field: 'signal', values: ['SIGKILL'] }],
  ['exit:137', number('exit', 137, 137)],
  ['exit:1-125', number('exit', 1, 125)],
  ['exit:2-', number('exit', 2, null)],
  ['exit>0', number('exit', 1, null)],
  ['exit<=1', number('exit', null, 1)],
  ['priority:-5', number('priority', -5, -5)],
  ['priority:-5..5', number('priority', -5, 5)],
  ['priority<-1', number('priority', null, -2)],
  ['max-retries:1', number('max_retries', 1, 1)],
  ['max_retries>=1', number('max_retries', 1, null)],
  ['took>10m', number('took', 600_001, null)],
  ['after:-2h', { kind: 'time', field: 'updated', side: 'after', at: { fromNowMs: -7_200_000 } }],
  ['after:2h', { kind: 'time', field: 'updated', side: 'after', at: { fromNowMs: -7_200_000 } }],
  ['due-before:+10m', { kind: 'time', field: 'due', side: 'before', at: { fromNowMs: 600_000 } }],
  [
    'created>2026-11-24T18:00:00Z',
    { kind: 'time', field: 'created', side: 'after', at: { atMs: Date.UTC(2026, 10, 24, 18) } },
  ],
  ['3 state:dead', every(jobs(['3']), state('dead'))],
  ['state:dead 3 5', every(jobs(['3', '5']), state('dead'))],
  ['3 or 5', some(jobs(['3']), jobs(['5']))],
  ['state:dead and 3', every(state('dead'), jobs(['3']))],
  ['3 state:dead or 5', some(every(jobs(['3']), state('dead')), jobs(['5']))],
  ['not 3 state:dead', every(not(jobs(['3'])), state('dead'))],
  ['not (3 or state:dead)', not(some(jobs(['3']), state('dead')))],
  ['not not 3', not(not(jobs(['3'])))],
  ['(3)(5)', jobs(['3', '5'])],
  ['"or"', jobs(['or'])],
];

test.each(MEANINGS)('%s', (text, tree) => {
  expect(parseFilter(text)).toEqual(tree);
});

test('what the shell made several words of means the same as one text', () => {
  for (const [text, tree] of MEANINGS) expect(parseFilter([text])).toEqual(tree);
  expect(parseFilter(['command~two words', 'state:dead'])).toEqual(
    every({ kind: 'contains', field: 'command', text: 'two words' }, state('dead')),
  );
  expect(parseFilter(['state:dead or 3'])).toEqual(some(state('dead'), jobs(['3'])));
});

test('only a plain list of ids is one', () => {
  expect(idsOf(parseFilter('3 5,build'))).toEqual(['3', '5', 'build']);
  for (const text of ['3-5', 'last', 'all', '3 state:dead', 'not 3', '3 or 5'])
    expect(idsOf(parseFilter(text)), text).toBeNull();
});

const VALUES = {
  texts: ['a', 'b c', `it's`, '100%', '_', '\\', '"', '(x)', 'ü', 'or', 'not:x', '=', ' ', '\n'],
  ids: ['build-1', 'a.b', 'x@y', 'queue'],
  atMs: [0, 1_700_000_000_000, 1_700_000_000_001],
};

test('every tree, written as words, is read as the same tree', () => {
  fc.assert(
    fc.property(filters(VALUES), (tree) => {
      expect(parseFilter(textOf(tree))).toEqual(tree);
    }),
    { numRuns: 500 },
  );
});

describe('anything at all gives a tree, or a plain refusal', () => {
  const pieces = fc.constantFrom(
    '(',
    ')',
    'and',
    'or',
    'not',
    '"',
    `'`,
    ' ',
    ',',
    '-',
    ':',
    '~',
    '!',
    '>',
    '=',
    '3',
    'last',
    'all',
    'state',
    'dead',
    'exit',
    'after',
    '..',
    'é',
    '\n',
    '\u0000',
  );
  const garbage = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((parts) => parts.join('')),
  );

  test('as one text, and as words', () => {
    fc.assert(
      fc.property(fc.oneof(garbage, fc.array(garbage)), (input) => {
        try {
          parseFilter(input);
        } catch (error) {
          if (!(error instanceof QueueError)) throw error;
          expect(error.code).toBe('usage');
          expect(error.message).not.toMatch(/[\n\r]/);
          expect(error.hint).toBeDefined();
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('also thousands of words, and thousands of levels', () => {
    for (const text of ['('.repeat(5000), 'not '.repeat(5000), '3 '.repeat(5000), `${'('.repeat(900)}3`])
      expect(() => parseFilter(text)).toThrow(QueueError);
    expect(() => parseFilter('not '.repeat(49) + '3')).not.toThrow();
  });
});
