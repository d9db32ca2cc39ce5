import { expect, test } from 'vitest';
import { WakeUp } from '../../src/worker/wake-up.js';

const DAY_MS = 86_400_000;

test('a sleep is cut short by a call that comes during it', async () => {
  const wakeUp = new WakeUp();
  const sleep = wakeUp.sleep(DAY_MS);
  wakeUp.wake();
  await sleep;
});

test('a call that came before it is not lost, and counts once', async () => {
  const wakeUp = new WakeUp();
  wakeUp.wake();
  wakeUp.wake();
  await wakeUp.sleep(DAY_MS);
  let awake = false;
  const second = wakeUp.sleep(DAY_MS).then(() => (awake = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(awake).toBe(false);
  wakeUp.wake();
  await second;
});

test('a sleep ends by itself', async () => {
  const start = performance.now();
  await new WakeUp().sleep(20);
  expect(performance.now() - start).toBeGreaterThanOrEqual(19);
});

test('a sleep longer than a timer of Node can wait does not end at once', async () => {
  const wakeUp = new WakeUp();
  let awake = false;
  const sleep = wakeUp.sleep(365 * DAY_MS).then(() => (awake = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(awake).toBe(false);
  wakeUp.wake();
  await sleep;
});
