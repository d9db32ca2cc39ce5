import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JOB_DEFAULTS, JOB_OPTIONS } from '../../src/job/options.js';
import { parseJobInput } from '../../src/job/parse-job.js';
import { name, toInput, validInput } from './job-inputs.js';
import { refusal } from './refusal.js';

test('whatever is valid comes back as it was given, and the rest by default', () => {
  fc.assert(
    fc.property(validInput, (given) => {
      const start = given.start;
      expect(parseJobInput(toInput(given))).toEqual({
        id: given.id ?? null,
        command: given.command,
        handler: null,
        payload: null,
        queue: given.queue ?? 'default',
        priority: given.priority ?? 0,
        start:
          start === undefined
            ? { delayMs: 0 }
            : 'ms' in start
              ? { delayMs: start.ms }
              : { atMs: new Date(start.run_at).getTime() },
        hold: given.hold ?? false,
        tags: [...new Set(given.tags ?? [])],
        label: given.label ?? null,
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

test('a job may be for a handler, with any JSON as its payload', () => {
  fc.assert(
    fc.property(name, fc.jsonValue(), (handler, payload) => {
      const job = parseJobInput({ handler, payload, queue: 'q', timeout: 5 });
      expect(job).toMatchObject({ command: null, handler, queue: 'q', timeoutMs: 5000 });
      expect(job.payload).toEqual(JSON.parse(JSON.stringify(payload)));
    }),
  );
  expect(parseJobInput({ handler: 'resize' })).toMatchObject({ payload: null });
});

test('what is set for a process is refused with a handler, and a payload without one', () => {
  for (const [field, value] of [
    ['command', 'true'],
    ['cwd', '/tmp'],
    ['env', { A: '1' }],
    ['stdin', 'text'],
    ['nice', 5],
    ['stragglers', 'end'],
  ] as const)
    expect(refusal({ handler: 'resize', [field]: value }).message).toBe(
      `"handler" and "${field}" exclude each other`,
    );
  expect(refusal({ command: 'true', payload: 1 }).message).toContain(
    '"payload" is for a job with a "handler"',
  );
  expect(refusal({ handler: 'not a name' }).message).toContain('"handler" must be 1 to 128');
  expect(refusal({ handler: 'resize', payload: 'x'.repeat(1024 * 1024) }).message).toContain('longer than');
});
