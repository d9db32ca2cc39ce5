import { expect, test } from 'vitest';
import { toOutcome } from '../../src/job/outcome.js';
import type { ExitFacts } from '../../src/job/outcome.js';

const EXIT: ExitFacts = { cause: 'exited', exitCode: 0, signal: null, message: null };

test.each<[string, Partial<ExitFacts>, unknown]>([
  ['exit code 0', {}, { kind: 'success' }],
  ['exit code 0 with left-overs', { message: '1 left-over process killed' }, { kind: 'success' }],
  [
    'another exit code',
    { exitCode: 3 },
    { kind: 'failure', exitCode: 3, signal: null, reason: 'exit code 3' },
  ],
  [
    'a signal',
    { exitCode: null, signal: 'SIGSEGV' },
    { kind: 'failure', exitCode: null, signal: 'SIGSEGV', reason: 'killed by SIGSEGV' },
  ],
  [
    'no start',
    { cause: 'not_started', exitCode: 126, message: 'no such directory' },
    { kind: 'failure', exitCode: 126, signal: null, reason: 'no such directory' },
  ],
  [
    'a time limit',
    { cause: 'timed_out', exitCode: null, signal: 'SIGKILL', message: 'timed out after 1s' },
    { kind: 'timeout', exitCode: null, signal: 'SIGKILL', reason: 'timed out after 1s' },
  ],
  [
    'a time limit, though it exited well',
    { cause: 'timed_out' },
    { kind: 'timeout', exitCode: 0, signal: null, reason: 'exit code 0' },
  ],
  [
    'no resources',
    { cause: 'no_resources', exitCode: null, message: 'too many files' },
    { kind: 'given_back', delayMs: 4000 },
  ],
  ['our stop', { cause: 'stopped', exitCode: null, signal: 'SIGTERM' }, { kind: 'given_back', delayMs: 0 }],
])('%s', (_what, facts, expected) => {
  expect(toOutcome({ ...EXIT, ...facts }, null, 'given_back', 4000)).toEqual(expected);
});

test('our stop of a job that a person cancelled', () => {
  const exit = { ...EXIT, cause: 'stopped', exitCode: null, signal: 'SIGTERM' } as const;
  expect(toOutcome(exit, null, 'cancelled', 0)).toEqual({
    kind: 'cancelled',
    exitCode: null,
    signal: 'SIGTERM',
    reason: 'killed by SIGTERM',
  });
});

test('exit codes that mean something to a shell say so, after the code', () => {
  expect(toOutcome({ ...EXIT, exitCode: 127 }, null, 'given_back', 0)).toMatchObject({
    reason: expect.stringMatching(/^exit code 127\b.*not found/) as string,
  });
  expect(toOutcome({ ...EXIT, exitCode: 126 }, null, 'given_back', 0)).toMatchObject({
    reason: expect.stringMatching(/^exit code 126\b/) as string,
  });
});
