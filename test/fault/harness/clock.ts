import { readFileSync } from 'node:fs';

/** Seconds since the machine started: no clock fault touches them, and the jobs' shell can read them, too. */
export function uptimeS(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
}

/** When the machine's uptime began, in seconds of the epoch, by the true clock. */
export function bootTimeS(): number {
  return Date.now() / 1000 - uptimeS();
}
