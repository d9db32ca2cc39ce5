import { expect, test } from 'vitest';
import { progressText } from '../../../src/cli/output/progress.js';

test('progress is a count, a rate, and a part of the whole where that is known', () => {
  expect(progressText({ noun: 'jobs' }, 1000, 5, 2000)).toBe('1,000 jobs, 500/s');
  expect(progressText({ noun: 'jobs', total: 8000 }, 120_000, 7999, 1500)).toBe(
    '120,000 jobs, 80,000/s, 99 %',
  );
  expect(progressText({ noun: 'jobs', total: 10 }, 1, 20, 0)).toBe('1 jobs, 1,000/s, 100 %');
});
