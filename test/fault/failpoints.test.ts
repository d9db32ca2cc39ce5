/** Every step of the program, and what a crash or a pause there leaves behind. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { FAILPOINTS } from '../../src/failpoint.js';
import type { Failpoint } from '../../src/failpoint.js';
import { waitUntil } from '../support/processes.js';
import { onPostgres } from '../support/test-database.js';
import { checkAll } from './checkers/check-all.js';
import type { Violation } from './checkers/evidence.js';
import { SCENARIOS } from './failpoint-scenarios.js';
import type { Scenario } from './failpoint-scenarios.js';
import { ask, enqueue, enqueueBulk } from './harness/client.js';
import { drain } from './harness/drain.js';
import { WorkerProcess } from './harness/worker-process.js';
import { testCommandLine, World } from './harness/world.js';

const TEST_MS = 180_000;
const DRAIN_MS = 120_000;
const RECOVERY_S = 60;

if (!existsSync(testCommandLine()))
  throw new Error('build it first: node scripts/build.mjs --no-types --test');

/** Of tests that run side by side, only its own context knows when one is over. */
function newWorld({ onTestFinished }: TestContext): World {
  const world = new World({ seed: 1 });
  onTestFinished(() => world.remove());
  return world;
}

async function heal(world: World, living: readonly WorkerProcess[] = []): Promise<Violation[]> {
  // A client that died in the first migration leaves a home that the next command finishes.
  await enqueue(world, world.askFor('ok'));
  return checkAll(await drain(world, living, DRAIN_MS), { bootS: world.bootS, recoveryBoundS: RECOVERY_S });
}

const SCENARIO: Readonly<Record<Failpoint, Scenario>> = SCENARIOS;
/** On PostgreSQL an exchange is one statement: what it gives back is known to the server alone, until it has committed. */
const POINTS = FAILPOINTS.filter((point) => !onPostgres || point !== 'give_back.before_commit');
const HITS = POINTS.flatMap((point) =>
  [1, 2].filter((hit) => hit <= SCENARIO[point].hits).map((hit) => ({ point, hit })),
);

describe.concurrent('a process killed at a step loses nothing and doubles nothing', () => {
  test.for(HITS)('$point, hit $hit', { timeout: TEST_MS }, async ({ point, hit }, context) => {
    const world = newWorld(context);
    const isReached = await SCENARIO[point].play(world, `${point}:${hit}=kill9`);
    if (!isReached) throw new Error(`no process came to ${point} ${hit} times`);
    expect(await heal(world)).toEqual([]);
  });
});

/** Stopped inside of a transaction, it holds SQLite's write lock: nobody else can go on. On a server nobody needs what it holds. */
const HOLDS_LOCK: ReadonlySet<Failpoint> = new Set(
  FAILPOINTS.filter((point) => !onPostgres && point.endsWith('.before_commit')),
);

async function readBeside(world: World): Promise<WorkerProcess[]> {
  const { exitCode } = await ask(world, 'status', { env: { QUEUECTL_LOCK_TIMEOUT: '100ms' } });
  if (exitCode !== 0) throw new Error(`a read waited for the write lock, and exited ${exitCode}`);
  return [];
}

/** Another worker, which looks for dead ones every second and must find none. */
async function workBeside(world: World): Promise<WorkerProcess[]> {
  const other = new WorkerProcess(world, { slots: 1 });
  await waitUntil(() => other.text().includes('Polling'), { what: 'another worker' });
  // When this one has run, two rounds are over.
  await enqueue(world, world.askFor('ok', 'later'), {}, { delay: '3s' });
  await waitUntil(() => other.text().includes('Job later completed'), {
    what: 'two rounds',
  });
  if (other.text().includes('Rescued')) throw new Error(`it took a stopped worker for dead: ${other.text()}`);
  return [other];
}

describe.concurrent('a worker stopped at a step keeps its jobs, and goes on with them', () => {
  const points = POINTS.filter(
    (point) => SCENARIO[point].isWorkers === true && !/^(give_back|rescue|close|withdraw)/.test(point),
  );

  test.for(points)('%s', { timeout: TEST_MS }, async (point, context) => {
    const world = newWorld(context);
    await enqueueBulk(
      world,
      ['nap', 'nap'].map(() => world.askFor('nap')),
    );
    const stopped = new WorkerProcess(world, { slots: 1, failpoint: `${point}=stop` });
    await waitUntil(() => stopped.isStopped, { what: `a worker stopped at ${point}` });
    const others = HOLDS_LOCK.has(point) ? await readBeside(world) : await workBeside(world);
    stopped.signal('SIGCONT');
    expect(await heal(world, [stopped, ...others])).toEqual([]);
  });
});
