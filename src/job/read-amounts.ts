/** Values that are an amount: numbers, durations, instants, sizes. Pure. */
import { usageError } from '../errors.js';
import { formatDuration, parseDuration, parseInstant, SECOND } from '../time.js';
import { show } from './show-value.js';
import { formatSize, parseSize } from './size.js';

/** Earlier instants are more likely seconds given as milliseconds. */
const EARLIEST_INSTANT = 100_000_000_000;
const LATEST_INSTANT = Date.UTC(9999, 11, 31);

export function readNumber(
  option: { kind: string; min: number; max: number },
  value: unknown,
  label: string,
): number {
  const whole = option.kind === 'integer';
  const fits = typeof value === 'number' && value >= option.min && value <= option.max;
  if (fits && (!whole || Number.isInteger(value))) return value;
  throw usageError(
    `${label} must be a ${whole ? 'whole ' : ''}number from ${option.min} to ${option.max}, not ${show(value)}`,
  );
}

export function readDuration(
  option: { minMs: number; maxMs: number; wholeSeconds?: true; orForever?: true },
  value: unknown,
  label: string,
): number {
  if (option.orForever === true && value === 'forever') return Infinity;
  const durationMs =
    typeof value === 'string' || typeof value === 'number' ? parseDuration(String(value)) : undefined;
  if (durationMs === undefined) {
    throw usageError(
      `${label} must be a duration, not ${show(value)}`,
      `a number with a unit: "30s", "10m", "1h30m", "2d"; a bare number is seconds${option.orForever === true ? '; or "forever"' : ''}`,
    );
  }
  if (option.wholeSeconds === true && durationMs % SECOND !== 0)
    throw usageError(`${label} must be whole seconds, not ${show(value)}`);
  if (durationMs >= option.minMs && durationMs <= option.maxMs) return durationMs;
  throw usageError(
    `${label} must be from ${formatDuration(option.minMs)} to ${formatDuration(option.maxMs)}, not ${show(value)}`,
  );
}

export function readInstant(value: unknown, label: string): number {
  const instant = typeof value === 'string' ? parseInstant(value) : value;
  if (typeof instant !== 'number' || !Number.isInteger(instant)) {
    throw usageError(
      `${label} must be a time, not ${show(value)}`,
      'ISO 8601 ("2026-12-24T18:00:00Z") or milliseconds since 1970',
    );
  }
  if (instant >= EARLIEST_INSTANT && instant <= LATEST_INSTANT) return instant;
  throw usageError(
    `${label} is out of range: ${show(value)}`,
    'numbers are milliseconds since 1970, not seconds',
  );
}

export function readSize(
  option: { minBytes: number; maxBytes: number },
  value: unknown,
  label: string,
): number {
  const bytes = typeof value === 'string' || typeof value === 'number' ? parseSize(String(value)) : undefined;
  if (bytes === undefined) {
    throw usageError(
      `${label} must be a size, not ${show(value)}`,
      'a number with a unit: "512M", "2GiB" (of 1024), "1GB" (of 1000); a bare number is bytes',
    );
  }
  if (bytes >= option.minBytes && bytes <= option.maxBytes) return bytes;
  throw usageError(
    `${label} must be from ${formatSize(option.minBytes)} to ${formatSize(option.maxBytes)}, not ${show(value)}`,
  );
}
