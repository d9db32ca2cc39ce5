import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ensureHome, fileError, homeDirectory, makeDirectory } from '../src/home.js';
import { temporaryHome } from './support/stores.js';

/** A directory that exists, for its owner alone. */
function directory(): string {
  return dirname(temporaryHome());
}

test('the home is $QUEUECTL_HOME, made absolute, else ~/.queuectl', () => {
  expect(homeDirectory({ QUEUECTL_HOME: '/some/where' })).toBe('/some/where');
  expect(homeDirectory({ QUEUECTL_HOME: 'below' })).toBe(resolve('below'));
  expect(homeDirectory({})).toBe(join(homedir(), '.queuectl'));
  expect(homeDirectory({ QUEUECTL_HOME: '' })).toBe(join(homedir(), '.queuectl'));
});

test('a missing home is made, with its parents, for its owner alone', () => {
  const home = join(directory(), 'a', 'b');
  ensureHome(home);
  ensureHome(home);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  expect(statSync(dirname(home)).mode & 0o777).toBe(0o700);
});

test('a home can be used whatever the umask', () => {
  const home = join(directory(), 'a', 'b');
  const before = process.umask(0o777);
  try {
    ensureHome(home);
  } finally {
    process.umask(before);
  }
  expect(statSync(home).mode & 0o777).toBe(0o700);
});

test('an existing directory is left as it is, be it ours through a link', () => {
  const parent = directory();
  const home = join(parent, 'home');
  mkdirSync(home, { mode: 0o755 });
  symlinkSync(home, join(parent, 'link'));
  ensureHome(join(parent, 'link'));
  makeDirectory(home);
  expect(statSync(home).mode & 0o777).toBe(0o755);
});

test.each([0o777, 0o720, 0o702])('a home of mode %o, in which others may write, is refused', (mode) => {
  const home = directory();
  chmodSync(home, mode);
  expect(() => ensureHome(home)).toThrow(
    expect.objectContaining({ code: 'not_permitted', hint: `chmod go-w ${home}` }) as Error,
  );
});

test('a file, a dangling link, or a file on the way is not permitted, and says what is wrong', () => {
  const parent = directory();
  writeFileSync(join(parent, 'file'), '');
  symlinkSync(join(parent, 'nowhere'), join(parent, 'dangling'));
  for (const home of [join(parent, 'file'), join(parent, 'file', 'home'), join(parent, 'dangling')])
    expect(() => ensureHome(home), home).toThrow(
      expect.objectContaining({ name: 'QueueError', code: 'not_permitted' }) as Error,
    );
  expect(readdirSync(parent).toSorted()).toEqual(['dangling', 'file']);
});

test.each([
  ['EACCES', 'not_permitted', 'permission denied'],
  ['EROFS', 'not_permitted', 'read-only'],
  ['ENOSPC', 'unavailable', 'disk is full'],
  ['ESTRANGE', 'unavailable', 'ESTRANGE'],
])('%s is %s: %s', (code, ours, words) => {
  const error = fileError(Object.assign(new Error('x'), { code }), 'cannot write the file');
  expect(error).toMatchObject({
    code: ours,
    message: expect.stringMatching(new RegExp(`^cannot write the file: .*${words}`)) as string,
  });
});
