import { expect, test } from 'vitest';
import { refusal } from './refusal.js';

const withField = (field: string, value: unknown): unknown => ({ command: 'true', [field]: value });

test('stragglers are ended or left, and a near word is named', () => {
  for (const value of ['', 'END', 'stay', 5, true, ['end']]) refusal(withField('stragglers', value));
  expect(refusal(withField('stragglers', 'leav'))).toMatchObject({
    message: expect.stringContaining('stragglers') as string,
    hint: 'did you mean "leave"?',
  });
});

test('a umask is octal digits in a string, since a number would be read in tens', () => {
  for (const value of [27, 0o27, '', '0o', '8', '028', '1777', '0x1f', '-22', '0b1', 'rwx', true, []])
    expect(refusal(withField('umask', value)).hint).toContain('"027"');
});

test('a memory limit is a size within reason', () => {
  for (const value of ['', 'much', '5X', '-5M', 'M', '1e9', '5 M M', '5iB', NaN, Infinity, true, [], {}])
    expect(refusal(withField('memory_limit', value)).hint).toContain('"512M"');
  for (const value of [0, 1, '1K', '1023K', '1.1P', '9'.repeat(400), 2 ** 51])
    expect(refusal(withField('memory_limit', value)).message).toContain('from 1M to 1P');
});

test('a limit of CPU time is whole seconds, as the system counts them', () => {
  expect(refusal(withField('cpu_limit', '1500ms')).message).toContain('whole seconds');
  for (const value of [0, 0.5, '999ms', '366d', 'soon', -1]) refusal(withField('cpu_limit', value));
});

test('a user is a name or a uid', () => {
  for (const value of ['', 'a b', 'root:root', '-x', '/root', 'ü', 'a\n', 'x'.repeat(129), -1, 1.5, {}, true])
    expect(refusal(withField('user', value)).message).toMatch(/^"user" must be the name of a user/);
});

test('niceness and counts have the bounds of the system', () => {
  for (const value of [-21, 20, 0.5, '5']) refusal(withField('nice', value));
  for (const value of [0, 3, -1, 1_048_577]) refusal(withField('open_files_limit', value));
  for (const value of [0, -1, 4_194_305]) refusal(withField('process_limit', value));
});

test('inline input is text of at most 1 MiB, counted in bytes', () => {
  for (const value of [5, true, [], {}, 'a\0b', '\ud800']) refusal(withField('stdin', value));
  expect(refusal(withField('stdin', '\u20ac'.repeat(349_526)))).toMatchObject({
    message: '"stdin" is longer than 1M bytes',
    hint: 'put it in a file',
  });
});

test('there is one input', () => {
  expect(refusal({ command: 'cat', stdin: 'a', stdin_file: '/a' }).message).toBe(
    '"stdin" and "stdin_file" exclude each other',
  );
});
