/** Arbitrary job inputs, with what each must be read as. */
import fc from 'fast-check';
import type { JobInput } from '../../src/job/input.js';
import { formatSize } from '../../src/job/size.js';
import { formatDuration } from '../../src/time.js';

const DAY_MS = 86_400_000;

/** Text that may be stored and run: no NUL, no half of a surrogate pair. */
const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
const commandLine = text.filter((value) => value.trim() !== '');
const command = fc.oneof(
  commandLine,
  fc
    .tuple(
      text.filter((value) => value !== ''),
      fc.array(text, { maxLength: 5 }),
    )
    .map(([first, rest]) => [first, ...rest]),
);
const nameStart = fc.constantFrom('a', 'b', 'X', 'Z', '0', '9');
const nameRest = fc.string({
  unit: fc.constantFrom('a', 'b', 'X', 'Z', '0', '9', '.', '_', '@', '-'),
  maxLength: 127,
});
export const name = fc.tuple(nameStart, nameRest).map(([first, rest]) => first + rest);
export const id = name.filter((value) => !/^[\d-]+$/.test(value) && value !== 'last' && value !== 'all');

/** A duration as text, or as a number of seconds. */
function duration(minMs: number, maxMs: number): fc.Arbitrary<{ given: string | number; ms: number }> {
  return fc.oneof(
    fc.integer({ min: minMs, max: maxMs }).map((ms) => ({ given: formatDuration(ms), ms })),
    fc
      .integer({ min: Math.ceil(minMs / 1000), max: Math.floor(maxMs / 1000) })
      .map((s) => ({ given: s, ms: s * 1000 })),
  );
}

const instant = fc.integer({ min: 100_000_000_000, max: Date.UTC(9999, 11, 30) });

/** A size as text, or as a number of bytes. */
const size = fc
  .integer({ min: 2 ** 20, max: 2 ** 50 })
  .chain((bytes) =>
    fc.constantFrom<{ given: string | number; bytes: number }>(
      { given: formatSize(bytes), bytes },
      { given: bytes, bytes },
    ),
  );
const umask = fc
  .tuple(fc.integer({ min: 0, max: 0o777 }), fc.constantFrom('', '0', '0o', '0O0'))
  .map(([mask, prefix]) => {
    const digits = mask.toString(8).padStart(3, '0');
    return { given: prefix + digits, digits };
  });

export const validInput = fc.record(
  {
    id,
    command,
    queue: name,
    priority: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    start: fc.oneof(
      fc.record({
        run_at: fc.oneof(
          instant,
          instant.map((at) => new Date(at).toISOString()),
        ),
      }),
      duration(0, 3650 * DAY_MS).map(({ given, ms }) => ({ delay: given, ms })),
    ),
    hold: fc.boolean(),
    tags: fc.array(name, { maxLength: 32 }),
    label: text.filter((value) => Buffer.byteLength(value) <= 256),
    max_retries: fc.nat(10_000),
    backoff_base: fc.double({ min: 1, max: 100, noNaN: true }),
    backoff_max: duration(0, 365 * DAY_MS),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    timeout: duration(1, 365 * DAY_MS),
    grace: duration(0, DAY_MS),
    cwd: text.map((value) => `/${value}`),
    env: fc.dictionary(
      text.filter((value) => value !== '' && !value.includes('=')),
      text,
      { maxKeys: 5, noNullPrototype: true },
    ),
    input: fc.oneof(fc.record({ stdin: text }), fc.record({ stdin_file: text.map((value) => `/${value}`) })),
    stragglers: fc.constantFrom('end' as const, 'leave' as const),
    user: fc.oneof(fc.constantFrom('nobody', '_apt', 'a.b-c', 'host$', '1000'), fc.nat(65_534)),
    nice: fc.integer({ min: -20, max: 19 }),
    umask,
    memory_limit: size,
    cpu_limit: fc
      .integer({ min: 1, max: 365 * 86_400 })
      .map((seconds) => ({ given: formatDuration(seconds * 1000), ms: seconds * 1000 })),
    open_files_limit: fc.integer({ min: 4, max: 2 ** 20 }),
    process_limit: fc.integer({ min: 1, max: 2 ** 22 }),
  },
  { requiredKeys: ['command'] },
);

type Given = typeof validInput extends fc.Arbitrary<infer T> ? T : never;

/** As a caller writes it. */
export function toInput(given: Given): JobInput {
  const { start, backoff_max, timeout, grace, input, umask: mask, memory_limit, cpu_limit, ...rest } = given;
  return {
    ...rest,
    ...input,
    ...(mask !== undefined && { umask: mask.given }),
    ...(memory_limit !== undefined && { memory_limit: memory_limit.given }),
    ...(cpu_limit !== undefined && { cpu_limit: cpu_limit.given }),
    ...(start !== undefined && ('run_at' in start ? { run_at: start.run_at } : { delay: start.delay })),
    ...(backoff_max !== undefined && { backoff_max: backoff_max.given }),
    ...(timeout !== undefined && { timeout: timeout.given }),
    ...(grace !== undefined && { grace: grace.given }),
  };
}
