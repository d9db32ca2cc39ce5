import { expect, test } from 'vitest';
import { onStop, Stopper } from '../../src/launcher/stop.js';
import type { StopRequest } from '../../src/launcher/stop.js';

function heardBy(signal: AbortSignal): StopRequest[] {
  const heard: StopRequest[] = [];
  onStop(signal, ({ signal: number, graceMs }) => heard.push({ signal: number, graceMs }));
  return heard;
}

test('a signal tells of each request, whether it is asked for before the first, between two, or after the last', () => {
  const requests = [{ signal: 2, graceMs: 5000 }, { graceMs: 100 }, { graceMs: 0 }];
  const heard = [0, 1, 3].map((looksAfter) => {
    const stopper = new Stopper();
    expect(stopper.isStopped).toBe(false);
    let hears: StopRequest[] | null = null;
    requests.forEach((request, n) => {
      if (n === looksAfter) hears = heardBy(stopper.signal);
      stopper.stop(request);
      expect(stopper.isStopped).toBe(true);
    });
    hears ??= heardBy(stopper.signal);
    expect(stopper.signal).toBe(stopper.signal);
    expect(stopper.signal.aborted).toBe(true);
    return hears;
  });
  const all = requests.map((request) => ({ signal: undefined, ...request }));
  expect(heard).toEqual([all, all, all]);
});
