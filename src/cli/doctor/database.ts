/** The database: what can be asked of it once it is open. */
import { formatSizeRoughly } from '../../job/size.js';
import { formatDuration, formatInstant, MINUTE } from '../../time.js';
import { count, fail, ok, some, warn } from './check.js';
import type { Check, OpenPatient } from './check.js';

const LONG_LOG_BYTES = 64 * 1024 ** 2;
/** Clocks of several processes agree to a few ms on one machine. */
const SURELY_AHEAD_MS = MINUTE;

export const integrity: Check<OpenPatient> = {
  name: 'integrity',
  look: async ({ store, isDeep }) => {
    const found = await store.damages(isDeep);
    if (found.length > 0)
      return fail(
        `the database is corrupt: ${some(found)}`,
        'stop all workers, keep a copy of the home, then restore queue.db from a backup',
      );
    return ok(isDeep ? 'every page and index is sound' : 'every page is sound; --deep looks at indexes, too');
  },
};

export const logSize: Check<OpenPatient> = {
  name: 'write-ahead log',
  look: async ({ store }) => {
    const bytes = await store.logBytes();
    if (bytes <= LONG_LOG_BYTES) return ok(formatSizeRoughly(bytes));
    return warn(
      `${formatSizeRoughly(bytes)}: a process reads for long`,
      'queuectl doctor --fix; else end it',
    );
  },
  mend: async ({ store }) => {
    const before = await store.logBytes();
    await store.boundLog();
    const after = await store.logBytes();
    return after < before ? [`cut the write-ahead log off at ${formatSizeRoughly(after)}`] : [];
  },
};

export const counters: Check<OpenPatient> = {
  name: 'counters',
  look: async ({ store }) => {
    const wrong = await store.wrongCounters();
    if (wrong.length === 0) return ok('they equal the jobs');
    const words = wrong.map(
      ({ queue, state, counted, stored }) => `${queue} ${state} ${counted}, not ${stored}`,
    );
    return fail(`${count(wrong.length, 'counter')} wrong: ${some(words)}`, 'queuectl doctor --fix');
  },
  mend: async ({ store }) => {
    const wrong = await store.wrongCounters();
    await store.mendCounters();
    return wrong.map(
      ({ queue, state, counted, stored }) => `counter ${queue} ${state}: ${counted} to ${stored}`,
    );
  },
};

export const clock: Check<OpenPatient> = {
  name: 'clock',
  look: async ({ store }) => {
    const newestMs = await store.newestTimeMs();
    const aheadMs = newestMs === null ? 0 : newestMs - Date.now();
    if (newestMs === null || aheadMs < SURELY_AHEAD_MS) return ok('no row is from the future');
    return warn(
      `a row is of ${formatInstant(newestMs)}, in ${formatDuration(Math.round(aheadMs / 1000) * 1000)}: the clock was ahead, or is behind`,
      'set the clock; jobs whose time is in the future wait for it',
    );
  },
};
