/** How a worker of short jobs claims ahead of its slots; its launcher ends runs when the test says. */
import { expect, test } from 'vitest';
import type { Exit, Launcher } from '../../src/launcher/launcher.js';
import { fakeLauncher, SUCCESS } from '../support/fake-launcher.js';
import { waitUntil } from '../support/processes.js';
import { openTestQueue, startWorker } from '../support/workers.js';

/** As many runs as a worker looks at before it claims ahead. */
const SHORT_RUNS = 16;
const JOBS = 40;

/** Every run ends at once, and tells of its start. */
function launcherThatNeverHolds(onRun: () => void): Launcher {
  const run = async (): Promise<Exit> => {
    onRun();
    return SUCCESS;
  };
  return { ...launcherThatHoldsOne(() => undefined).launcher, run };
}

/** The first runs end at once; the next one when `release` is called, and tells of its start; the others at once, too. */
function launcherThatHoldsOne(onHeld: () => void): { launcher: Launcher; release: () => void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let runs = 0;
  const launcher = fakeLauncher(async () => {
    runs += 1;
    if (runs === SHORT_RUNS + 1) {
      onHeld();
      await released;
    }
    return SUCCESS;
  });
  return { launcher, release };
}

test('what waits too long for a slot goes back, counts nothing and runs once in the end', async () => {
  const { queue } = await openTestQueue();
  const jobs = Array.from({ length: JOBS }, () => ({ command: 'true' }));
  const inserted = await queue.enqueueMany(jobs);
  let isHeld = false;
  const { launcher, release } = launcherThatHoldsOne(() => (isHeld = true));
  const { ended } = startWorker(queue, { launcher, untilEmpty: true });
  await waitUntil(
    async () => {
      const { processing, pending } = await queue.counts();
      return isHeld && processing === 1 && pending === JOBS - SHORT_RUNS - 1;
    },
    { what: 'all but the one that runs to be given back' },
  );
  release();
  await ended;
  const outcomes: string[][] = [];
  for (const { id } of inserted) {
    const job = await queue.get(id);
    expect(job).toMatchObject({ state: 'completed', attempts: 0, crashes: 0 });
    outcomes.push((await queue.runs(job)).map(({ outcome }) => outcome));
  }
  expect(outcomes.slice(0, SHORT_RUNS + 1)).toEqual(
    Array.from({ length: SHORT_RUNS + 1 }, () => ['success']),
  );
  expect(outcomes.every((of) => of.filter((outcome) => outcome === 'success').length === 1)).toBe(true);
  expect(outcomes.flat()).toContain('given_back');
});

test('a worker that is told to stop gives back what waits for a slot while it finishes what runs', async () => {
  const { queue } = await openTestQueue();
  await queue.enqueueMany(Array.from({ length: JOBS }, () => ({ command: 'true' })));
  const { launcher, release } = launcherThatHoldsOne(() => running.worker.stop('gracefully'));
  const running = startWorker(queue, { launcher });
  await waitUntil(
    async () => {
      const { processing, pending } = await queue.counts();
      return processing === 1 && pending === JOBS - SHORT_RUNS - 1;
    },
    { what: 'what waits to be given back' },
  );
  release();
  await running.ended;
  expect(await queue.counts()).toMatchObject({
    processing: 0,
    completed: SHORT_RUNS + 1,
    pending: JOBS - SHORT_RUNS - 1,
  });
});

test('a worker that always has something to report hears of a stop', async () => {
  const { queue } = await openTestQueue();
  const many = 5000;
  await queue.enqueueMany(Array.from({ length: many }, () => ({ command: 'true' })));
  let runs = 0;
  const launcher = launcherThatNeverHolds(() => {
    runs += 1;
    if (runs === SHORT_RUNS * 2) void queue.stopWorkers();
  });
  const { ended } = startWorker(queue, { launcher, slots: 64, untilEmpty: true });
  await ended;
  const { completed, pending, processing } = await queue.counts();
  expect({ processing, all: completed + pending }).toEqual({ processing: 0, all: many });
  expect(pending).toBeGreaterThan(0);
});
