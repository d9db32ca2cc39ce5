/** One round: a living history, and a kill at a moment or a step that chance picks. */
import { setTimeout as delay } from 'node:timers/promises';
import { FAILPOINTS } from '../../../src/failpoint.js';
import type { Failpoint } from '../../../src/failpoint.js';
import type { JobKind } from '../checkers/evidence.js';
import { cancel, enqueueBulk, retryDead } from '../harness/client.js';
import type { Fate } from '../harness/client.js';
import { WorkerProcess } from '../harness/worker-process.js';
import type { World } from '../harness/world.js';

const OF_WORKERS = FAILPOINTS.filter((point) => /^(session|claim|run|finish|rescue|close)\./.test(point));
const OF_ENQUEUE = FAILPOINTS.filter((point) => point.startsWith('enqueue.'));
const OF_CANCEL = FAILPOINTS.filter((point) => point.startsWith('cancel.'));
const OF_RETRY = FAILPOINTS.filter((point) => point.startsWith('retry.'));

/** Most are short, since a round is; the others are what a rescue finds hardest. */
const KINDS: readonly JobKind[] = [
  'ok',
  'ok',
  'nap',
  'nap',
  'fail',
  'flaky',
  'print',
  'stubborn',
  'family',
  'runaway',
  'clinger',
];
/** How long a victim lives at most after it has begun to work. */
const LONGEST_LIFE_MS = 500;
/** There may be nothing to claim. */
const LONGEST_WAIT_MS = 5000;

export interface RoundResult {
  /** The worker that lives on into the next round. */
  readonly survivor: WorkerProcess | null;
  readonly kill: string;
}

/** Kills at least one process; what it leaves is the next round's to rescue. */
export async function playRound(world: World, survivor: WorkerProcess | null): Promise<RoundResult> {
  const { random } = world;
  const point = random.chance(0.6) ? random.pick(OF_WORKERS) : null;
  const failpoint: Fate['failpoint'] = point === null ? undefined : `${point}:${random.between(1, 3)}=kill9`;
  const victim = new WorkerProcess(world, {
    slots: random.between(1, 4),
    ...(failpoint !== undefined && { failpoint }),
  });
  const client = playClient(world);
  // Every other one with a job in its hands: on a busy server the first claim may take longer than a victim lives.
  await Promise.race([victim.ended, said(victim, 'Polling')]);
  if (random.chance(0.5)) await Promise.race([victim.ended, said(victim, 'Claimed'), delay(LONGEST_WAIT_MS)]);
  await Promise.race([victim.ended, delay(random.between(0, LONGEST_LIFE_MS))]);
  const killedBoth = survivor !== null && random.chance(0.5);
  if (random.chance(0.3)) {
    // Its launcher first: at the same moment, or so that the worker may see it and start another.
    victim.killLauncher();
    await Promise.race([victim.ended, delay(random.pick([0, 0, 20, 300]))]);
  }
  await Promise.all([victim.kill(), killedBoth ? survivor.kill() : null, client]);
  const living = killedBoth || survivor?.end !== null ? null : survivor;
  // A worker that outlives the round rescues beside the next victim.
  const next = living ?? (random.chance(0.3) ? new WorkerProcess(world, { slots: 2 }) : null);
  return { survivor: next, kill: failpoint ?? 'at a random moment' };
}

async function said(worker: WorkerProcess, word: string): Promise<void> {
  while (worker.end === null && !worker.text().includes(word)) await delay(5);
}

/** Wants dead jobs back, puts in a few new ones, and may think better of one; often killed on the way. */
async function playClient(world: World): Promise<void> {
  const { random } = world;
  const dead = random.chance(0.2) ? random.between(1, 1 + world.operations.length * 3) : null;
  if (dead !== null) await retryDead(world, [String(dead)], fate(world, OF_RETRY));
  const jobs = Array.from({ length: random.between(1, 5) }, () => world.askFor(random.pick(KINDS)));
  const { ids } = await enqueueBulk(world, jobs, fate(world, OF_ENQUEUE));
  if (ids.length > 0 && random.chance(0.4)) await cancel(world, [random.pick(ids)], fate(world, OF_CANCEL));
}

function fate({ random }: World, points: readonly Failpoint[]): Fate {
  if (random.chance(0.2)) return { failpoint: `${random.pick(points)}=kill9` };
  return random.chance(0.25) ? { killAfterMs: random.between(20, 300) } : {};
}
