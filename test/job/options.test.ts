import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JOB_DEFAULTS, JOB_OPTIONS } from '../../src/job/options.js';
import { parseJobInput } from '../../src/job/parse-job.js';
import { toInput, validInput } from './job-inputs.js';
import { refusal } from './refusal.js';

test('whatever is valid comes back as it was given, and the rest by default', () => {
  fc.assert(
    fc.property(validInput, (given) => {
      const start = given.start;
      expect(parseJobInput(toInput(given))).toEqual({
        id: given.id ?? null,
        command: given.command,
        queue: given.queue ?? 'default',
        priority: given.priority ?? 0,
        start:
          start === undefined
            ? { delayMs: 0 }
            : 'ms' in start
              ? { delayMs: start.ms }
              : { atMs: new Date(start.run_at).getTime() },
        maxRetries: given.max_retries ?? 3,
        backoff: {
          base: given.backoff_base ?? 2,
          maxMs: given.backoff_max?.ms ?? null,
          jitter: given.jitter ?? 0,
        },
        timeoutMs: given.timeout?.ms ?? null,
        graceMs: given.grace?.ms ?? 10_000,
        cwd: given.cwd ?? null,
        env: given.env ?? {},
        stdin: given.input !== undefined && 'stdin' in given.input ? given.input.stdin : null,
        stdinFile: given.input !== undefined && 'stdin_file' in given.input ? given.input.stdin_file : null,
        stragglers: given.stragglers ?? 'end',
        user: given.user === undefined ? null : String(given.user),
        nice: given.nice ?? null,
        umask: given.umask?.digits ?? null,
        memoryLimitBytes: given.memory_limit?.bytes ?? null,
        cpuLimitMs: given.cpu_limit?.ms ?? null,
        openFilesLimit: given.open_files_limit ?? null,
        processLimit: given.process_limit ?? null,
      });
    }),
  );
});

test('null and undefined mean "not given"', () => {
  const nothing = Object.fromEntries(JOB_OPTIONS.map((option) => [option.name, null]));
  expect(parseJobInput({ ...nothing, command: 'true' })).toEqual(parseJobInput({ command: 'true' }));
  expect(refusal(nothing).message).toContain('"command"');
});

test('the caller may bring other defaults', () => {
  const defaults = { ...JOB_DEFAULTS, maxRetries: 7, timeoutMs: 5 };
  expect(parseJobInput({ command: 'true' }, defaults)).toMatchObject({
    maxRetries: 7,
    timeoutMs: 5,
    graceMs: 10_000,
  });
  expect(parseJobInput({ command: 'true', max_retries: 1 }, defaults)).toMatchObject({ maxRetries: 1 });
});

test('a command may be as long as Linux takes it, to the byte', () => {
  const longest = 128 * 1024 - 1;
  expect(parseJobInput({ command: 'x'.repeat(longest) }).command).toHaveLength(longest);
  refusal({ command: 'x'.repeat(longest + 1) });
  expect(parseJobInput({ command: '\u20ac'.repeat(43_690) }).command).toHaveLength(43_690);
  refusal({ command: '\u20ac'.repeat(43_691) });
  refusal({ command: ['x', 'y'.repeat(longest)] });
});

test('environment variables may have any name that the system takes, even __proto__', () => {
  const input = JSON.parse('{"command":"true","env":{"__proto__":"a","constructor":"b"}}') as unknown;
  expect(Object.entries(parseJobInput(input).env)).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
});
