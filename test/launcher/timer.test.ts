import { describe, expect, test } from 'vitest';

import { startTimer } from '../../src/launcher/timer.js';
import { waitUntil } from '../support/processes.js';

describe('a timer', () => {
  test('calls back once, not before its time', async () => {
    const startedAt = performance.now();
    const calls: number[] = [];
    startTimer(50, () => calls.push(performance.now() - startedAt));
    await waitUntil(() => calls.length > 0, { what: 'the call' });
    expect(calls[0]).toBeGreaterThanOrEqual(49);
    expect(calls).toHaveLength(1);
  });

  test('may be called off, also twice or too late', async () => {
    const calls: string[] = [];
    const cancel = startTimer(10, () => calls.push('cancelled'));
    cancel();
    const cancelLate = startTimer(30, () => calls.push('fired'));
    await waitUntil(() => calls.length > 0, { what: 'the later timer' });
    cancel();
    cancelLate();
    expect(calls).toEqual(['fired']);
  });

  test('keeps a delay that is longer than the longest of Node', async () => {
    const calls: string[] = [];
    // In two steps: as long as Node can, and the rest; tried on a small scale, and on the real one for its start.
    const startedAt = performance.now();
    const cancel = startTimer(2 ** 31 + 1000, () => calls.push('long'));
    startTimer(95, () => calls.push('steps'), 10);
    await waitUntil(() => calls.length > 0, { what: 'the timer of ten steps' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(94);
    expect(calls).toEqual(['steps']);
    cancel();
  });
});
