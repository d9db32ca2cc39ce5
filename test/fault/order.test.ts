import { expect, onTestFinished, test } from 'vitest';
import { checkAll } from './checkers/check-all.js';
import { inOrder } from './checkers/timing.js';
import { enqueue, enqueueBulk } from './harness/client.js';
import { takeEvidence } from './harness/drain.js';
import { newSeed } from './harness/random.js';
import { WorkerProcess } from './harness/worker-process.js';
import { World } from './harness/world.js';

test(
  'one worker takes the highest priority first, then the oldest job; without faults each runs once',
  { timeout: 300_000 },
  async () => {
    const seed = newSeed();
    console.log(`seed ${seed}`);
    const world = new World({ seed });
    onTestFinished(() => world.remove());
    const jobs = Array.from({ length: 60 }, () => world.askFor('ok'));
    await enqueueBulk(world, jobs, {}, () => ({ priority: world.random.between(-2, 2) }));
    const worker = new WorkerProcess(world, { slots: 1, untilEmpty: true });
    expect((await worker.endsWithin(120_000)).exitCode).toBe(0);
    const evidence = await takeEvidence(world, null);
    expect(inOrder(evidence)).toEqual([]);
    expect(checkAll(evidence, { bootS: world.bootS, recoveryBoundS: 60 })).toEqual([]);
  },
);

test(
  'a failing job waits base ^ attempts seconds before each retry, and runs max_retries times',
  { timeout: 300_000 },
  async () => {
    const world = new World({ seed: 1 });
    onTestFinished(() => world.remove());
    const job = world.askFor('fail');
    await enqueue(world, job, {}, { max_retries: 3, backoff_base: 2, backoff_max: '60s' });
    const worker = new WorkerProcess(world, { slots: 1, untilEmpty: true });
    expect((await worker.endsWithin(120_000)).exitCode).toBe(0);
    const evidence = await takeEvidence(world, null);
    expect(evidence.snapshot.runs).toHaveLength(3);
    expect(checkAll(evidence, { bootS: world.bootS, recoveryBoundS: 60 })).toEqual([]);
  },
);
