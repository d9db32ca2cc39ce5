/** A worker whose session was taken away while it was stopped: what it says afterwards changes nothing. */
import { expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../support/processes.js';
import { checkAll } from './checkers/check-all.js';
import { enqueue } from './harness/client.js';
import { uptimeS } from './harness/clock.js';
import { drain } from './harness/drain.js';
import { withDatabase } from '../support/database.js';
import { WorkerProcess } from './harness/worker-process.js';
import { World } from './harness/world.js';
import { untilRunning } from './plant.js';

test(
  'a worker that was given up while it was stopped ends what it runs, changes nothing and starts afresh',
  { timeout: 300_000 },
  async () => {
    const world = new World({ seed: 1 });
    onTestFinished(() => world.remove());
    await enqueue(world, world.askFor('long'));
    const first = new WorkerProcess(world, { slots: 1 });
    await untilRunning(world, 1);
    const stoppedAt = uptimeS();
    await waitUntil(() => isGivenUp(world, first), {
      what: 'the worker to be stopped without the write lock',
    });
    const second = new WorkerProcess(world, { slots: 1 });
    await waitUntil(() => second.text().includes('Rescued job 1 (vanished)'), {
      what: 'the rescue',
    });
    await untilRunning(world, 2);
    first.signal('SIGCONT');
    // Its claim was taken from it, as a kill would have done.
    world.addFault('kill', stoppedAt, first.pid);
    await waitUntil(() => first.text().includes('given up by the others'), {
      what: 'the first worker to notice',
    });
    const evidence = await drain(world, [first, second], 120_000);
    expect(checkAll(evidence, { bootS: world.bootS, recoveryBoundS: 60 })).toEqual([]);
    expect(evidence.snapshot.runs.map(({ outcome }) => outcome)).toEqual(['lost', 'success']);
  },
);

/** A worker that is stopped while it writes keeps the lock for ever: there is nothing to wait for. */
const LOCKED_MS = 100;

/** Stops the worker and removes its session; stopped with the write lock in its hands, it goes on for a moment. */
async function isGivenUp(world: World, worker: WorkerProcess): Promise<boolean> {
  worker.signal('SIGSTOP');
  try {
    await withDatabase(world, ({ rows }) => rows('DELETE FROM workers'), LOCKED_MS);
    return true;
  } catch (error) {
    if (!(error instanceof Error && error.message === 'database is locked')) throw error;
    worker.signal('SIGCONT');
    return false;
  }
}
