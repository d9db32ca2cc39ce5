import type { LogEvent } from '../log.js';
import { formatInstant } from '../time.js';

/** An event of a worker as a line of JSON: snake_case, with its time. */
export function eventJson(event: LogEvent, atMs: number): Record<string, unknown> {
  const fields = Object.entries(event).map(([name, value]): [string, unknown] => [snakeCase(name), value]);
  return { time: formatInstant(atMs), ...Object.fromEntries(fields) };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
