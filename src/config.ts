/** One table of settings. A flag comes before the environment, that before config.json, that before the default. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { usageError, systemErrorCode } from './errors.js';
import { ensureHome, fileError } from './home.js';
import { maskedUrl } from './job/database-url.js';
import { readValue, valueOfText } from './job/option-kinds.js';
import type { OptionKind } from './job/option-kinds.js';
import { JOB_OPTIONS } from './job/options.js';
import type { JobDefaults, JobOption } from './job/options.js';
import { unknownWord } from './job/show-value.js';
import { DAY, HOUR, MINUTE, SECOND } from './time.js';

export interface Setting {
  readonly name: string;
  readonly value: OptionKind;
  readonly help: string;
  /** As a person writes it; null: none. */
  readonly fallback: string | number | null;
  /** Where the name of its variable in the environment is another one than QUEUECTL_ and its own. */
  readonly variable?: string;
}

const OF_JOBS: readonly JobOption[] = JOB_OPTIONS;

const KEEP: OptionKind = { kind: 'duration', minMs: MINUTE, maxMs: 36_500 * DAY, orForever: true };

export const SETTINGS: readonly Setting[] = [
  ...OF_JOBS.flatMap((option) =>
    option.setting === undefined
      ? []
      : [{ name: option.name, value: option.value, help: option.help, fallback: option.setting }],
  ),
  {
    name: 'poll_interval_ms',
    value: { kind: 'integer', min: 10, max: HOUR },
    help: 'how often a waiting worker looks by itself, should no doorbell reach it',
    fallback: 2000,
  },
  {
    name: 'lock_timeout',
    value: { kind: 'duration', minMs: 0, maxMs: HOUR },
    help: 'how long a command waits for a database that another process holds locked',
    fallback: '10s',
  },
  {
    name: 'lease',
    value: { kind: 'duration', minMs: 2 * SECOND, maxMs: HOUR },
    help: 'in PostgreSQL: how long a worker may be silent before others run its jobs; below 15s a short outage ends them',
    fallback: '30s',
  },
  {
    name: 'max_output',
    value: { kind: 'size', minBytes: 256 * 1024, maxBytes: 1024 ** 4 },
    help: 'the most that is kept of what a run prints: its first half and its last; needs the native launcher',
    fallback: '64MiB',
  },
  {
    name: 'keep_completed',
    value: KEEP,
    help: 'how long completed and cancelled jobs are kept; workers remove older ones, once an hour',
    fallback: '30d',
  },
  {
    name: 'keep_dead',
    value: KEEP,
    help: 'how long dead jobs are kept',
    fallback: 'forever',
  },
  {
    name: 'database',
    value: { kind: 'database' },
    help: 'where the queue is, for several machines; a database in the home by default',
    fallback: null,
    variable: 'QUEUECTL_DATABASE_URL',
  },
];

/** The settings in force. */
export interface Settings extends JobDefaults {
  readonly pollIntervalMs: number;
  readonly lockTimeoutMs: number;
  readonly leaseMs: number;
  readonly maxOutputBytes: number;
  /** Infinity: for ever. */
  readonly keepCompletedMs: number;
  readonly keepDeadMs: number;
  /** A URL; null: in the home. */
  readonly database: string | null;
}

/** What a setting is now, as a person writes it, and where that comes from. */
export interface SettingInForce {
  readonly name: string;
  readonly value: string | number | null;
  readonly origin: 'flag' | 'environment' | 'config.json' | 'default';
}

type Environment = Readonly<Record<string, string | undefined>>;
type ConfigFile = Readonly<Record<string, unknown>>;

export function configPath(home: string): string {
  return join(home, 'config.json');
}

/** The setting of that name; kebab-case is accepted. Throws `usage` with the nearest name. */
export function findSetting(name: string): Setting {
  const wanted = name.replaceAll('-', '_');
  const setting = SETTINGS.find((candidate) => candidate.name === wanted);
  if (setting === undefined)
    throw unknownWord(
      'setting',
      name,
      SETTINGS.map((known) => known.name),
    );
  return setting;
}

/** Every setting in force. Throws `usage` where one has a value that it cannot have. */
export function listSettings(home: string, env: Environment): SettingInForce[] {
  const file = readConfigFile(home);
  return SETTINGS.map((setting) => settingInForce(setting, file, env, home));
}

/** Keys of config.json that are no settings. Throws `usage` where the file is no JSON object. */
export function unknownKeys(home: string): string[] {
  return Object.keys(readConfigFile(home)).filter((key) => !SETTINGS.some(({ name }) => name === key));
}

/** Throws `usage` where a setting has a value that it cannot have. */
export function loadSettings(home: string, env: Environment): Settings {
  const values: Record<string, unknown> = {};
  for (const { name, value } of listSettings(home, env)) {
    values[name] = value === null ? null : readValue(findSetting(name).value, value, `setting ${name}`);
  }
  // readValue has checked each value against its row of the table; this is where it gets its type.
  const checked = values as unknown as CheckedSettings;
  return {
    maxRetries: checked.max_retries,
    backoffBase: checked.backoff_base,
    backoffMaxMs: checked.backoff_max,
    jitter: checked.jitter,
    timeoutMs: checked.timeout,
    graceMs: checked.grace,
    pollIntervalMs: checked.poll_interval_ms,
    lockTimeoutMs: checked.lock_timeout,
    leaseMs: checked.lease,
    maxOutputBytes: checked.max_output,
    keepCompletedMs: checked.keep_completed,
    keepDeadMs: checked.keep_dead,
    database: checked.database,
  };
}

interface CheckedSettings {
  readonly max_retries: number;
  readonly backoff_base: number;
  readonly backoff_max: number | null;
  readonly jitter: number;
  readonly timeout: number | null;
  readonly grace: number;
  readonly poll_interval_ms: number;
  readonly lock_timeout: number;
  readonly lease: number;
  readonly max_output: number;
  readonly keep_completed: number;
  readonly keep_dead: number;
  readonly database: string | null;
}

/** Stores one setting from its text; the value as stored. Throws `usage` and changes nothing where it is bad. */
export function saveSetting(home: string, setting: Setting, text: string): string | number {
  if (text === 'none' && setting.fallback === null)
    throw usageError(`${setting.name} cannot be set to none`, `queuectl config unset ${setting.name}`);
  const value = valueOfText(setting.value, text);
  readValue(setting.value, value, setting.name);
  const stored = typeof value === 'number' ? value : text;
  writeConfigFile(home, { ...readConfigFile(home), [setting.name]: stored });
  return stored;
}

/** Back to the default; false where it was not set. */
export function removeSetting(home: string, setting: Setting): boolean {
  const { [setting.name]: removed, ...rest } = readConfigFile(home);
  if (removed === undefined) return false;
  writeConfigFile(home, rest);
  return true;
}

/** The variable in the environment that comes before config.json. */
export function variableOf({ name, variable }: Setting): string {
  return variable ?? `QUEUECTL_${name.toUpperCase()}`;
}

/** As it may be shown: a URL without what gives access. */
export function shownValue(setting: Setting, value: string | number | null): string | number | null {
  return setting.value.kind === 'database' && typeof value === 'string' ? maskedUrl(value) : value;
}

function settingInForce(setting: Setting, file: ConfigFile, env: Environment, home: string): SettingInForce {
  const variable = variableOf(setting);
  const fromEnvironment = env[variable];
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    const value = valueOfText(setting.value, fromEnvironment);
    readValue(setting.value, value, variable);
    return { name: setting.name, value: value as string | number, origin: 'environment' };
  }
  const fromFile = file[setting.name];
  if (fromFile === undefined || fromFile === null)
    return { name: setting.name, value: setting.fallback, origin: 'default' };
  readValue(setting.value, fromFile, `${setting.name} in ${configPath(home)}`);
  return { name: setting.name, value: fromFile as string | number, origin: 'config.json' };
}

function readConfigFile(home: string): ConfigFile {
  const path = configPath(home);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return {};
    throw fileError(error, `cannot read ${path}`);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as ConfigFile;
  } catch {
    // Fall through: what is not JSON and what is not an object get the same answer.
  }
  throw usageError(`${path} is not a JSON object`, 'mend it by hand, or remove it to return to the defaults');
}

/** Replaces the file in one step, so that a crash or a full disk leaves the old one. */
function writeConfigFile(home: string, config: ConfigFile): void {
  ensureHome(home);
  const path = configPath(home);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fileError(error, `cannot write ${path}`);
  }
}
