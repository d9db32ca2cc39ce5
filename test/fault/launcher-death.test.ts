/** A worker, its launcher, or both killed while the worker stands at a step and jobs run: how soon nothing runs on. */
import { describe, expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/failpoint.js';
import { nativeLauncherPath } from '../../src/launcher/native-path.js';
import { whyNot } from '../native/build.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { startStopwatchOf } from '../support/stopwatch.js';
import { checkAll } from './checkers/check-all.js';
import { enqueueBulk } from './harness/client.js';
import { uptimeS } from './harness/clock.js';
import { drain } from './harness/drain.js';
import { lastSeenS, runTokens } from './harness/job-processes.js';
import { WorkerProcess } from './harness/worker-process.js';
import { World } from './harness/world.js';

const TEST_MS = 180_000;
const DRAIN_MS = 120_000;
const RECOVERY_S = 60;
const GONE_S = 2;

const POINTS = FAILPOINTS.filter((point) => /^(claim|run|finish)\./.test(point));
const VICTIMS = ['worker', 'launcher', 'both'] as const;
const CASES = POINTS.flatMap((point) => VICTIMS.map((victim) => ({ point, victim })));

const program = nativeLauncherPath();

/** It has nothing to run, and looks for dead workers. */
async function bystander(world: World): Promise<WorkerProcess> {
  const other = new WorkerProcess(world, { slots: 1, queues: 'another' });
  await waitUntil(() => other.text().includes('Polling'), { what: 'another worker' });
  return other;
}

describe.concurrent(`killed at a step${whyNot(program)}`, () => {
  test.skipIf(program === null).for(CASES)(
    '$point: $victim, and 2 s later no process of its runs is alive',
    { timeout: TEST_MS },
    async ({ point, victim }, { onTestFinished }) => {
      const world = new World({ seed: 1 });
      onTestFinished(() => world.remove());
      const kinds = ['deaf', 'runaway', 'stubborn', 'clinger', 'nap'] as const;
      await enqueueBulk(
        world,
        kinds.map((kind) => world.askFor(kind)),
      );
      const other = victim === 'both' ? await bystander(world) : null;
      const worker = new WorkerProcess(world, { slots: 3, failpoint: `${point}:2=stop` });
      await waitUntil(() => worker.isStopped, { what: `a worker at ${point}` });
      const { launcher } = worker;
      if (launcher === null) throw new Error('the worker has no launcher');
      if (victim !== 'worker') {
        worker.killLauncher();
        await waitUntil(() => !isAlive(launcher), {
          what: 'the end of the launcher',
        });
      }
      const tokens = runTokens(world);
      // Who is to end them; while it waits for a CPU, the time does not count.
      const stopwatch = startStopwatchOf(other?.pid ?? (victim === 'worker' ? launcher : worker.pid));
      const killedS = uptimeS();
      if (victim === 'launcher') worker.signal('SIGCONT');
      else await worker.kill();
      const seenS = await lastSeenS(world, tokens);
      expect(seenS - killedS - stopwatch.waitedMs() / 1000).toBeLessThanOrEqual(GONE_S);
      const living = victim === 'launcher' ? worker : other;
      const evidence = await drain(world, living === null ? [] : [living], DRAIN_MS);
      expect(checkAll(evidence, { bootS: world.bootS, recoveryBoundS: RECOVERY_S })).toEqual([]);
    },
  );
});
