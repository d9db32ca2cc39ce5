/** A launcher, alone or with its worker, killed while the worker stands at a step and jobs run. */
import { describe, expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/failpoint.js';
import { nativeLauncherPath } from '../../src/launcher/native-path.js';
import { whyNot } from '../native/build.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { checkAll } from './checkers/check-all.js';
import { enqueueBulk } from './harness/client.js';
import { drain } from './harness/drain.js';
import { jobPids } from './harness/job-processes.js';
import { WorkerProcess } from './harness/worker-process.js';
import { World } from './harness/world.js';

const TEST_MS = 180_000;
const DRAIN_MS = 120_000;
const RECOVERY_S = 60;
const PATIENCE_MS = 60_000;
/** A job that ignores TERM is killed after a second; the rest is for a busy machine. */
const GONE_MS = 10_000;

const POINTS = FAILPOINTS.filter((point) => /^(claim|run|finish)\./.test(point));
/** The worker alone is the business of failpoints.test.ts. */
const VICTIMS = ['launcher', 'both'] as const;
const CASES = POINTS.flatMap((point) => VICTIMS.map((victim) => ({ point, victim })));

const program = nativeLauncherPath();

describe.concurrent(`with the native launcher${whyNot(program)}`, () => {
  test.skipIf(program === null).for(CASES)(
    'killed at $point: $victim',
    { timeout: TEST_MS },
    async ({ point, victim }, { onTestFinished }) => {
      const world = new World({ seed: 1 });
      onTestFinished(() => world.remove());
      const kinds = ['clinger', 'runaway', 'stubborn', 'nap'] as const;
      await enqueueBulk(
        world,
        kinds.map((kind) => world.askFor(kind)),
      );
      const worker = new WorkerProcess(world, { slots: 2, failpoint: `${point}:2=stop` });
      await waitUntil(() => worker.isStopped, { what: `a worker at ${point}`, timeoutMs: PATIENCE_MS });
      const running = jobPids(world);
      worker.killLauncher();
      if (victim === 'both') await worker.kill();
      else worker.signal('SIGCONT');
      const others = victim === 'both' ? [new WorkerProcess(world, { slots: 1 })] : [];
      await waitUntil(() => !running.some(isAlive), {
        what: `the end of ${running.join()}`,
        timeoutMs: GONE_MS,
      });
      const evidence = await drain(world, victim === 'launcher' ? [worker] : others, DRAIN_MS);
      expect(checkAll(evidence, { bootS: world.bootS, recoveryBoundS: RECOVERY_S })).toEqual([]);
    },
  );
});
