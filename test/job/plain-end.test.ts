import { constants } from 'node:os';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toOutcome } from '../../src/job/outcome.js';
import type { ExitFacts } from '../../src/job/outcome.js';
import { bareEnd, plainEnd } from '../../src/job/plain-end.js';

const byItself = { exitCode: null, signal: null, byItself: true } as const;

test.each<[Parameters<typeof plainEnd>[0], string]>([
  [{ ...byItself, exitCode: 3 }, 'exit code 3'],
  [{ ...byItself, exitCode: 126 }, 'exit code 126 (not executable)'],
  [{ ...byItself, exitCode: 127 }, 'exit code 127 (command not found)'],
  [{ ...byItself, exitCode: 128 }, 'exit code 128'],
  [{ ...byItself, exitCode: 139 }, 'exit code 139 (a program it ran was killed by SIGSEGV)'],
  [
    { ...byItself, exitCode: 137 },
    'exit code 137 (a program it ran was killed by SIGKILL, not by us; perhaps out of memory)',
  ],
  [
    { ...byItself, exitCode: 152, cpuLimitMs: 1000 },
    'exit code 152 (a program it ran was killed by SIGXCPU, over its CPU limit)',
  ],
  [{ ...byItself, exitCode: 255 }, 'exit code 255'],
  [{ ...byItself, signal: 'SIGTERM' }, 'killed by SIGTERM'],
  [{ ...byItself, signal: 'SIGKILL' }, 'killed by SIGKILL, not by us; perhaps out of memory'],
  [
    { ...byItself, signal: 'SIGKILL', cpuLimitMs: 1000 },
    'killed by SIGKILL, not by us; perhaps out of memory or over its CPU limit',
  ],
  [{ ...byItself, signal: 'SIGKILL', byItself: false }, 'killed by SIGKILL'],
  [{ ...byItself, signal: 'SIGXCPU', cpuLimitMs: 1000 }, 'killed by SIGXCPU, over its CPU limit'],
  [{ ...byItself, signal: 'SIGXCPU' }, 'killed by SIGXCPU, over a limit of CPU time'],
  [{ ...byItself, exitCode: 137, byItself: false }, 'exit code 137'],
])('%j', (end, words) => {
  expect(plainEnd(end)).toBe(words);
});

const end = fc.record({
  exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
  signal: fc.option(fc.constantFrom(...Object.keys(constants.signals))),
  cpuLimitMs: fc.option(fc.integer({ min: 1000 })),
  byItself: fc.boolean(),
});

test('the bare end always comes first, on one line', () => {
  fc.assert(
    fc.property(end, (each) => {
      const words = plainEnd(each);
      expect(words.startsWith(bareEnd(each))).toBe(true);
      expect(words).not.toContain('\n');
      expect(words).not.toContain('undefined');
    }),
  );
});

test('a code over 128 names the signal that Linux has at that number, or none', () => {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  fc.assert(
    fc.property(fc.integer({ min: 129, max: 255 }), (exitCode) => {
      const named = /killed by (SIG[A-Z0-9]+)/.exec(plainEnd({ ...byItself, exitCode }))?.[1];
      if (named !== undefined && process.platform === 'linux') expect(numbers[named]).toBe(exitCode - 128);
    }),
  );
});

test('what a launcher has to say beside the end is kept, after the meaning', () => {
  const exit: ExitFacts = { cause: 'exited', exitCode: null, signal: 'SIGKILL', message: null };
  const reason = (facts: Partial<ExitFacts>): unknown =>
    toOutcome({ ...exit, ...facts }, null, 'cancelled', 0);
  expect(reason({ message: 'killed by SIGKILL; 1 left-over process killed' })).toMatchObject({
    reason: 'killed by SIGKILL, not by us; perhaps out of memory; 1 left-over process killed',
  });
  expect(reason({ cause: 'timed_out', message: 'timed out after 1s' })).toMatchObject({
    reason: 'timed out after 1s',
  });
  expect(reason({ cause: 'stopped' })).toMatchObject({ kind: 'cancelled', reason: 'killed by SIGKILL' });
});
