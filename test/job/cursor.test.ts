import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorOf, parseCursor } from '../../src/job/cursor.js';
import type { Job } from '../../src/job/job.js';
import { parseJobInput } from '../../src/job/parse-job.js';

const pending = (changes: Partial<Job>): Job =>
  ({
    ...parseJobInput({ command: 'true' }),
    id: '1',
    seq: 1,
    state: 'pending',
    runAtMs: 0,
    ...changes,
  }) as unknown as Job;

test('a place is read back as it was, whatever the queue and the numbers', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,20}$/),
      fc.integer(),
      fc.integer({ min: 1 }),
      fc.nat(),
      fc.option(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,20}$/)),
      (queue, priority, seq, runAtMs, handler) => {
        const cursor = parseCursor(cursorOf(pending({ queue, priority, seq, runAtMs, handler })));
        expect(cursor).toEqual({
          state: 'pending',
          atMs: runAtMs,
          seq,
          queue,
          handler: handler ?? '',
          priority,
        });
      },
    ),
  );
});

test.each([
  '',
  '42',
  'completed',
  'completed:1',
  'gone:1:2',
  'pending:1:2',
  'completed:1:2:3:q',
  'dead:1:x',
  'dead:1:2 ',
])('%j is no place, and the error says where to find one', (text) => {
  expect(() => parseCursor(text)).toThrow(
    expect.objectContaining({ code: 'usage', hint: expect.stringContaining('--after') as string }),
  );
});
