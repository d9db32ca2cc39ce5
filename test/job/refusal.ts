/** How bad input is refused. */
import { expect } from 'vitest';
import { QueueError } from '../../src/errors.js';
import { parseJobInput } from '../../src/job/parse-job.js';

/** The error for an input; every one is ours, of one line, and names what is wrong. */
export function refusal(input: unknown): QueueError {
  try {
    parseJobInput(input);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    expect(error.code).toBe('usage');
    expect(error.message).not.toMatch(/[\n\r]/);
    expect(error.message.length).toBeLessThan(400);
    expect(error.message.isWellFormed()).toBe(true);
    expect(error.hint ?? '').not.toMatch(/[\n\r]/);
    return error;
  }
  throw new Error('it was taken');
}
