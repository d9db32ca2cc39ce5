import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  configPath,
  findSetting,
  listSettings,
  loadSettings,
  removeSetting,
  saveSetting,
  SETTINGS,
} from '../src/config.js';
import { JOB_DEFAULTS } from '../src/job/options.js';
import { temporaryHome } from './support/stores.js';

/** A home with this config.json. */
function homeWith(config: string): string {
  const home = temporaryHome();
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'config.json'), config);
  return home;
}

const usage = (message: RegExp): Error =>
  expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) as string }) as Error;

test('without anything, the defaults; and reading makes no home', () => {
  const home = temporaryHome();
  expect(loadSettings(home, {})).toEqual({
    ...JOB_DEFAULTS,
    pollIntervalMs: 2000,
    leaseMs: 30_000,
    lockTimeoutMs: 10_000,
    maxOutputBytes: 64 * 1024 ** 2,
    keepCompletedMs: 30 * 24 * 3_600_000,
    keepDeadMs: Infinity,
    database: null,
  });
  expect(new Set(listSettings(home, {}).map((setting) => setting.origin))).toEqual(new Set(['default']));
  expect(existsSync(home)).toBe(false);
});

test('the environment comes before config.json, that before the default', () => {
  const home = homeWith('{"max_retries": 5, "timeout": "1m", "poll_interval_ms": null}');
  const env = { QUEUECTL_MAX_RETRIES: '7', QUEUECTL_GRACE: '', QUEUECTL_JITTER: '0.5' };
  expect(loadSettings(home, env)).toMatchObject({
    maxRetries: 7,
    timeoutMs: 60_000,
    graceMs: 10_000,
    jitter: 0.5,
    pollIntervalMs: 2000,
    leaseMs: 30_000,
  });
  const origins = Object.fromEntries(listSettings(home, env).map(({ name, origin }) => [name, origin]));
  expect(origins).toMatchObject({
    max_retries: 'environment',
    timeout: 'config.json',
    grace: 'default',
    poll_interval_ms: 'default',
  });
});

test('what is saved is in force, for its owner alone, and can be removed', () => {
  const home = temporaryHome();
  expect(saveSetting(home, findSetting('max-retries'), '9')).toBe(9);
  expect(saveSetting(home, findSetting('timeout'), '1h30m')).toBe('1h30m');
  expect(JSON.parse(readFileSync(configPath(home), 'utf8'))).toEqual({ max_retries: 9, timeout: '1h30m' });
  expect(statSync(configPath(home)).mode & 0o777).toBe(0o600);
  expect(loadSettings(home, {})).toMatchObject({ maxRetries: 9, timeoutMs: 5_400_000 });
  expect(removeSetting(home, findSetting('timeout'))).toBe(true);
  expect(removeSetting(home, findSetting('timeout'))).toBe(false);
  expect(loadSettings(home, {})).toMatchObject({ maxRetries: 9, timeoutMs: null });
  expect(readdirSync(home)).toEqual(['config.json']);
});

test.each([
  ['64MiB', 64 * 1024 ** 2],
  ['512m', 512 * 1024 ** 2],
  ['1 GB', 1000 ** 3],
  ['1.5M', 1.5 * 1024 ** 2],
  ['300000', 300_000],
  ['256K', 256 * 1024],
  ['1T', 1024 ** 4],
])('a size may be given as %j', (text, bytes) => {
  const home = temporaryHome();
  saveSetting(home, findSetting('max_output'), text);
  expect(loadSettings(home, {})).toMatchObject({ maxOutputBytes: bytes });
});

test('a save keeps what it does not know', () => {
  const home = homeWith('{"of_a_later_version": [1], "jitter": 0.5}');
  saveSetting(home, findSetting('grace'), '5s');
  expect(JSON.parse(readFileSync(configPath(home), 'utf8'))).toEqual({
    of_a_later_version: [1],
    jitter: 0.5,
    grace: '5s',
  });
});

test.each([
  ['max_retries', '-1'],
  ['max_retries', 'many'],
  ['max_retries', '1.5'],
  ['jitter', '2'],
  ['timeout', '0'],
  ['timeout', 'soon'],
  ['poll_interval_ms', '0'],
  ['lock_timeout', '-1s'],
  ['lease', '1s'],
  ['lease', '2h'],
  ['lease', 'none'],
  ['max_output', '255K'],
  ['max_output', '2T'],
  ['max_output', '64 MiBs'],
  ['max_output', 'none'],
  ['backoff_base', ''],
  ['backoff_base', '1e999'],
])('%s cannot be %j, and nothing is changed', (name, text) => {
  const home = temporaryHome();
  expect(() => saveSetting(home, findSetting(name), text)).toThrow(usage(new RegExp(name)));
  expect(existsSync(configPath(home))).toBe(false);
});

test('a bad value is refused with where it stands', () => {
  expect(() => loadSettings(homeWith('{"max_retries": "3"}'), {})).toThrow(
    usage(/max_retries in .*config\.json/),
  );
  expect(() => loadSettings(temporaryHome(), { QUEUECTL_JITTER: 'much' })).toThrow(usage(/QUEUECTL_JITTER/));
});

test.each(['', '{', '[]', 'null', '5', '"x"', '{"max_retries": 3,}'])(
  'a config.json of %j is refused, and not overwritten',
  (text) => {
    const home = homeWith(text);
    expect(() => loadSettings(home, {})).toThrow(usage(/config\.json is not a JSON object/));
    expect(() => saveSetting(home, findSetting('grace'), '1s')).toThrow(usage(/config\.json/));
    expect(readFileSync(configPath(home), 'utf8')).toBe(text);
  },
);

test('a home that is a file, or a config.json that is a directory, is an error of ours', () => {
  const home = temporaryHome();
  writeFileSync(join(dirname(home), 'file'), '');
  expect(() => loadSettings(join(dirname(home), 'file'), {})).toThrow(
    expect.objectContaining({ code: 'not_permitted' }) as Error,
  );
  mkdirSync(join(home, 'config.json'), { recursive: true });
  expect(() => loadSettings(home, {})).toThrow(expect.objectContaining({ name: 'QueueError' }) as Error);
});

test('an unknown setting is refused with the nearest one; names may be written with dashes', () => {
  expect(() => findSetting('max_retris')).toThrow(
    expect.objectContaining({ code: 'usage', hint: 'did you mean "max_retries"?' }) as Error,
  );
  for (const name of ['', '__proto__', 'toString', 'id', 'command'])
    expect(() => findSetting(name)).toThrow(usage(/setting/));
  for (const { name } of SETTINGS) expect(findSetting(name.replaceAll('_', '-')).name).toBe(name);
});
