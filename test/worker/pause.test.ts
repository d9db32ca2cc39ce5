/** What a pause means for a worker that has claimed ahead of its slots. */
import { expect, test } from 'vitest';
import type { Launcher } from '../../src/launcher/launcher.js';
import { fakeLauncher, SUCCESS } from '../support/fake-launcher.js';
import { waitUntil } from '../support/processes.js';
import { Worker } from '../../src/worker/worker.js';
import { openTestQueue, startWorker } from '../support/workers.js';

const RUN_MS = 2;

/** Each run takes a moment, so that a worker claims ahead of its one slot. */
function shortRuns(onRun: () => void): Launcher {
  return fakeLauncher(async () => {
    onRun();
    await new Promise((resolve) => setTimeout(resolve, RUN_MS));
    return SUCCESS;
  });
}

test('what was claimed ahead of a pause goes back, and all of it runs once the queue goes on', async () => {
  const { queue } = await openTestQueue();
  const jobs = 400;
  await queue.enqueueMany(Array.from({ length: jobs }, () => ({ command: 'true' })));
  let runs = 0;
  const { ended } = startWorker(queue, { launcher: shortRuns(() => (runs += 1)), untilEmpty: false });
  await waitUntil(async () => runs > 32 && (await queue.counts()).processing > 4, {
    what: 'the worker to claim ahead',
  });
  await queue.pause('default');
  const { processing: ahead } = await queue.counts();
  const atPause = runs;
  await waitUntil(async () => (await queue.counts()).processing === 0, {
    what: 'what was claimed ahead to be given back',
  });
  const { pending, completed } = await queue.counts();
  expect(completed).toBe(runs);
  expect(pending).toBe(jobs - runs);
  // Fewer than were claimed ahead: the worker heard of the pause, and did not work off what it had.
  expect(runs - atPause).toBeLessThan(Math.max(2, ahead));
  await queue.resume();
  await waitUntil(async () => (await queue.counts()).completed === jobs, {
    what: 'the rest to run',
  });
  expect(runs).toBe(jobs);
  await queue.stopWorkers();
  await ended;
});

test('a worker that drains its queues ends beside a paused one, and says what it leaves', async () => {
  const { queue } = await openTestQueue();
  await queue.enqueueMany(['a', 'b', 'b'].map((name) => ({ command: 'true', queue: name })));
  await queue.pause('b');
  const { ended, events } = startWorker(queue, { untilEmpty: true });
  await ended;
  expect(events).toContainEqual({ event: 'worker.left_paused', queues: ['b'], jobs: 2 });
  expect(await queue.counts()).toMatchObject({ completed: 1, pending: 2 });
});

test.each([[[]], [['']], [['a', 'b c']]])('a worker of the queues %j is refused', async (queues) => {
  const { queue } = await openTestQueue();
  expect(() => new Worker(queue, { slots: 1, queues })).toThrow(expect.objectContaining({ code: 'usage' }));
});
