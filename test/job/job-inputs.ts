/** Arbitrary job inputs, with what each must be read as. */
import fc from 'fast-check';
import type { JobInput } from '../../src/job/options.js';
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
  },
  { requiredKeys: ['command'] },
);

type Given = typeof validInput extends fc.Arbitrary<infer T> ? T : never;

/** As a caller writes it. */
export function toInput({ start, backoff_max, timeout, grace, ...rest }: Given): JobInput {
  return {
    ...rest,
    ...(start !== undefined && ('run_at' in start ? { run_at: start.run_at } : { delay: start.delay })),
    ...(backoff_max !== undefined && { backoff_max: backoff_max.given }),
    ...(timeout !== undefined && { timeout: timeout.given }),
    ...(grace !== undefined && { grace: grace.given }),
  };
}
