import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JOB_OPTIONS } from '../../src/job/options.js';
import { parseJobInput } from '../../src/job/parse-job.js';
import { id, name } from './job-inputs.js';
import { refusal } from './refusal.js';

const withField = (field: string, value: unknown): unknown => ({ command: 'true', [field]: value });

test.each(['', 'x', 5, true, null, undefined, [], [{ command: 'true' }], () => 0, 10n, Symbol('job')])(
  '%s is not a job',
  (input) => {
    refusal(input);
  },
);

test('anything at all gives a job, or a plain refusal, and nothing else', () => {
  const value = fc.anything({
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const field = fc.oneof(
    fc.constantFrom(...JOB_OPTIONS.map((option) => option.name as string)),
    fc.string({ unit: 'binary' }),
  );
  const input = fc.oneof(
    value,
    fc.dictionary(field, value),
    fc.tuple(field, value).map(([key, each]) => withField(key, each)),
  );
  fc.assert(
    fc.property(input, (each) => {
      try {
        parseJobInput(each);
      } catch {
        refusal(each);
      }
    }),
    { numRuns: 2000 },
  );
});

test('an unknown field is named, with the nearest known one', () => {
  expect(refusal({ command: 'true', prioritty: 1 })).toMatchObject({
    message: expect.stringContaining('prioritty') as string,
    hint: 'did you mean "priority"?',
  });
  expect(refusal({ comand: 'true' }).hint).toContain('command');
  refusal(JSON.parse('{"command":"true","__proto__":{"queue":"x"}}'));
  for (const key of ['constructor', 'toString', 'state', 'seq', '', '\n', '\ud800'])
    refusal(withField(key, 1));
});

test.each([
  '12',
  '3-9',
  '-',
  '0',
  '007',
  'last',
  'all',
  '',
  'x'.repeat(129),
  '../x',
  '-x',
  '.x',
  '@',
  'a b',
  'a/b',
  'a,b',
  '\u{1f980}',
  'a\n',
  '\n',
  'é',
  5,
  {},
  ['a'],
])('id %j is refused', (value) => {
  expect(refusal(withField('id', value)).message).toMatch(/^"id" /);
});

test('ids and names that are allowed, are', () => {
  fc.assert(
    fc.property(id, name, (ownId, queue) => {
      expect(parseJobInput({ command: 'true', id: ownId, queue })).toMatchObject({ id: ownId, queue });
    }),
  );
  for (const good of ['a', '1a', '3-9a', 'Last', 'ALL', 'job-fail-123', 'a@b.c_d', 'x'.repeat(128)])
    parseJobInput(withField('id', good));
});

const numbers = JOB_OPTIONS.filter(({ value }) => value.kind === 'integer' || value.kind === 'number').map(
  (option) => option.name,
);
test.each(numbers)('"%s" takes no absurd number and nothing else', (field) => {
  for (const value of [-1_000_001, 1e7, 1e300, Infinity, -Infinity, NaN, '5', '', true, [], {}, [1]])
    refusal(withField(field, value));
});

test('whole numbers are whole', () => {
  for (const field of ['priority', 'max_retries'])
    for (const value of [0.5, 1.000001]) refusal(withField(field, value));
  refusal(withField('max_retries', -1));
  refusal(withField('backoff_base', 0.5));
  refusal(withField('jitter', 1.1));
});

test.each(['delay', 'timeout', 'grace', 'backoff_max'])('"%s" is a duration within reason', (field) => {
  for (const value of [
    '',
    'soon',
    '5x',
    '-5s',
    '1h-',
    '1e3',
    -1,
    NaN,
    Infinity,
    1e21,
    1e12,
    '99999999w',
    '9'.repeat(400),
    true,
    [],
    {},
  ])
    refusal(withField(field, value));
});

test('a timeout of nothing would end every run', () => {
  for (const value of [0, '0s', '0.1ms']) refusal(withField('timeout', value));
});

test('"run_at" in seconds is taken for a mistake', () => {
  expect(refusal(withField('run_at', 1_800_000_000)).hint).toContain('milliseconds');
  for (const value of [
    0,
    -5,
    1.5,
    1e300,
    NaN,
    '',
    'tomorrow',
    '2026-02-30',
    '2026-13-01',
    '1800000000',
    '2026-01-01T25:00',
    true,
    {},
  ])
    refusal(withField('run_at', value));
  refusal({ command: 'true', run_at: '2030-01-01', delay: '1s' });
});

test.each<[string, unknown]>([
  ['nothing', ''],
  ['blanks', ' \n\t'],
  ['a NUL', 'a\0b'],
  ['half a character', 'a\ud800'],
  ['a number', 5],
  ['an object', {}],
  ['an empty list', []],
  ['an empty program', ['', 'x']],
  ['a list with a number', ['a', 1]],
  ['a hole', Array(2)],
  ['a list in a list', [['a']]],
  ['a NUL in a word', ['a', 'b\0']],
])('%s is not a command', (_what, command) => {
  expect(refusal({ command }).message).toMatch(/^"command"/);
});

test.each<[string, unknown]>([
  ['a list', []],
  ['a string', 'A=1'],
  ['a number in it', { A: 1 }],
  ['null in it', { A: null }],
  ['an empty name', { '': 'x' }],
  ['= in a name', { 'A=B': 'x' }],
  ['NUL in a name', { 'A\0': 'x' }],
  ['NUL in a value', { A: '\0' }],
  ['half a character', { '\udc00': 'x' }],
  ['a line break in the name of a bad value', { 'A\nB': 5 }],
  ['a long name of a bad value', { ['A'.repeat(5000)]: 5 }],
  ['too much', { A: 'x'.repeat(131_072) }],
])('an environment with %s is refused', (_what, env) => {
  refusal(withField('env', env));
});

test.each(['cwd', 'stdin_file'])('"%s" is absolute', (field) => {
  for (const value of ['', 'a', './a', '~', '~/a', '../a', '/a\0', '/\ud800', 5, {}])
    refusal(withField(field, value));
});

test('what no JSON can hold is refused like the rest', () => {
  const ring: Record<string, unknown> = {};
  ring['self'] = ring;
  for (const field of JOB_OPTIONS.map((option) => option.name))
    for (const value of [
      10n,
      Symbol('x'),
      () => 1,
      ring,
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ])
      refusal(withField(field, value));
});
