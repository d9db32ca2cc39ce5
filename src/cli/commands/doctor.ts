import { HOUR, SECOND } from '../../time.js';
import type { Command } from '../command.js';
import { examine } from '../doctor/examine.js';
import type { Result } from '../doctor/examine.js';

const LOCK_TIMEOUT_MS = 10 * SECOND;

export const doctor: Command = {
  usage: '[options]',
  description: `Looks whether everything is as it should be: permissions, disk, settings, launcher, limits, the database and its
counters, the clock, what dead workers left, whether somebody runs what waits, and on a server
which workers are late with their beats. Says of each what it found and how to
mend it. Exits with 0, or with 1 where a check failed; a warning is no failure.

Nothing is changed without --fix, which says each thing it does: it takes rights on our files from others, sets counters,
brings an older schema up to date, cuts a long write-ahead log off, rescues jobs of dead workers, ends processes that are
provably ours, and removes logs and notes of what is over. Counting and checking reads the whole database.`,
  examples: [
    { command: 'queuectl doctor', does: 'look, and change nothing' },
    { command: 'queuectl doctor --fix', does: 'mend what can be mended without loss' },
    { command: 'queuectl doctor --json --deep', does: 'for a program, indexes included' },
  ],
  flags: [
    { long: 'fix', help: 'mend what can be mended without loss' },
    { long: 'deep', help: 'compare the indexes of the database with its tables, too' },
  ],
  fields: () => ['ok', 'checks'],
  run: async ({ flags, output, home, env }) => {
    const lockTimeoutMs = flags.duration('lock-timeout', HOUR) ?? LOCK_TIMEOUT_MS;
    const results: Result[] = [];
    const patient = { home, env, lockTimeoutMs, isDeep: flags.has('deep') };
    for await (const result of examine(patient, flags.has('fix'))) results.push(result);
    const isOk = results.every(({ verdict }) => verdict !== 'fail');
    if (output.json) output.object({ ok: isOk, checks: results.map(resultJson) });
    else {
      await output.table({
        columns: [{ name: 'check' }, { name: 'verdict' }, { name: 'found' }, { name: 'mend' }],
        rows: results.map(({ check, verdict, found, mend }) => [check, verdict, found, mend ?? null]),
      });
      for (const { check, fixed } of results)
        for (const done of fixed) output.note(`fixed: ${check}: ${done}`);
    }
    return isOk ? 0 : 1;
  },
};

function resultJson({ check, verdict, found, mend, fixed }: Result): Record<string, unknown> {
  return { check, verdict, found, mend: mend ?? null, fixed };
}
