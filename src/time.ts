/** Durations and instants: parse, format. A duration is in milliseconds, an instant in milliseconds since the epoch, UTC. */

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|[smhdw])/g;
const BARE_SECONDS = /^\d+(?:\.\d+)?$/;

/** "1h30m", "90s", "500ms", "2d"; a bare number is seconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (BARE_SECONDS.test(trimmed)) return Math.round(Number(trimmed) * SECOND);
  if (!DURATION.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of trimmed.matchAll(DURATION_PART))
    totalMs += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return Math.round(totalMs);
}

/** The shortest exact form that parseDuration reads back: 5400000 is "1h30m", 1500 is "1s500ms". */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text === '' ? '0s' : text;
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/** ISO 8601; without an offset it is local time. Undefined for anything else, and for days that do not exist. */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour] = match;
  if (!dayExists(Number(year), Number(month), Number(day))) return undefined;
  // A date alone would be read as UTC by Date.parse; a person means midnight where they are.
  const iso =
    hour === undefined ? `${text.trim().slice(0, 10)}T00:00${match[7] ?? ''}` : text.trim().replace(' ', 'T');
  const instant = Date.parse(iso.toUpperCase());
  return Number.isNaN(instant) ? undefined : instant;
}

function dayExists(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** ISO 8601 in UTC, for machines. */
export function formatInstant(instant: number): string {
  return new Date(instant).toISOString();
}

/** "2026-11-24 09:05:00" where the reader is, for people. */
export function formatLocal(instant: number): string {
  const date = new Date(instant);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
