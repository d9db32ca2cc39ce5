/** `--since`, as every command reads it. */
import { usageError } from '../errors.js';
import { parseDuration, parseInstant } from '../time.js';
import type { Flags } from './flags.js';

/** So long ago, or that instant; undefined where the flag was not given. Throws `usage`. */
export function readSince(flags: Flags): number | undefined {
  const text = flags.text('since');
  if (text === undefined) return undefined;
  const durationMs = parseDuration(text);
  const instant = durationMs === undefined ? parseInstant(text) : Date.now() - durationMs;
  if (instant !== undefined) return instant;
  throw usageError(
    `--since must be a duration or a time, not ${JSON.stringify(text)}`,
    '"10m", "1h30m", or ISO 8601: "2026-12-24T18:00:00Z"',
  );
}
