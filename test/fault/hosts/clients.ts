/** Clients on a host: each does one thing after the other, as chance will have it, by processes of its own. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeCall, JobKind } from '../checkers/evidence.js';
import { ask, cancel, change, enqueue, enqueueBulk, retryDead } from '../harness/client.js';
import type { Fate } from '../harness/client.js';
import { projectRoot } from '../harness/world.js';
import type { Cluster } from './cluster.js';
import type { Host } from './host.js';

/** Most of them last long the first time: a fault is to find something that runs. */
const KINDS: readonly JobKind[] = [
  'ok',
  'nap',
  'long',
  'long',
  'fail',
  'flaky',
  'print',
  'stubborn',
  'family',
  'runaway',
  ...Array.from({ length: 8 }, (): JobKind => 'clinger'),
];
/** Beyond that, clients only look: the queue must drain in the end. */
const MOST_UNFINISHED = 150;
const BULK = 40;

export async function playClient(cluster: Cluster, host: Host, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await delay(cluster.world.random.between(0, 400));
    await act(cluster, host, cluster.world.random.next());
  }
}

async function act(cluster: Cluster, host: Host, choice: number): Promise<void> {
  const { world, view } = cluster;
  const { random } = world;
  if (choice < 0.04) await ask(world, 'list', fate(cluster, host));
  else if (choice < 0.08) await ask(world, 'status', fate(cluster, host));
  else if (choice < 0.12) await onOne(cluster, ['dead'], (id) => retryDead(world, [id], fate(cluster, host)));
  else if (choice < 0.17) await onOne(cluster, LIVING, (id) => cancel(world, [id], fate(cluster, host)));
  else if (choice < 0.22) await changeOne(cluster, host, 'hold', WAITING);
  else if (choice < 0.28) await changeOne(cluster, host, 'release', ['held']);
  else if (choice < 0.32) await changeOne(cluster, host, 'set', WAITING);
  else if (choice < 0.36) await changeOne(cluster, host, 'remove', ENDED);
  else if ((await view.countUnfinished()) > MOST_UNFINISHED) await delay(500);
  else if (choice < 0.54) await enqueueMany(cluster, host);
  else if (choice < 0.6) await race(cluster);
  else if (choice < 0.68) {
    const program = join(projectRoot(), 'test', 'fault', 'hosts', 'enqueue-program.mjs');
    await enqueue(world, world.askFor(random.pick(KINDS)), { ...fate(cluster, host), program });
  } else await enqueue(world, world.askFor(random.pick(KINDS), ownId(cluster)), fate(cluster, host));
}

const WAITING = ['pending', 'failed', 'scheduled'];
const LIVING = [...WAITING, 'processing', 'held'];
const ENDED = ['completed', 'dead', 'cancelled'];

function ownId({ world: { random } }: Cluster): string | null {
  return random.chance(0.3) ? `job-${random.between(1, 1_000_000_000)}` : null;
}

/** Lines with ids of their own: what was stored of them can be told even where the answer is lost. */
async function enqueueMany(cluster: Cluster, host: Host): Promise<void> {
  const { world } = cluster;
  const first = world.random.between(1, 1_000_000_000);
  const jobs = Array.from({ length: BULK }, (_, index) =>
    world.askFor(world.random.chance(0.5) ? 'ok' : world.random.pick(KINDS), `bulk-${first}-${index}`),
  );
  await enqueueBulk(world, jobs, fate(cluster, host));
}

/** A process on each host brings the same id at once. */
async function race(cluster: Cluster): Promise<void> {
  const { world, hosts } = cluster;
  const id = `race-${world.random.between(1, 1_000_000_000)}`;
  await Promise.all(hosts.map((host) => enqueue(world, world.askFor('ok', id), host.fate())));
}

async function changeOne(
  cluster: Cluster,
  host: Host,
  what: ChangeCall,
  states: readonly string[],
): Promise<void> {
  await onOne(cluster, states, (id) => change(cluster.world, what, [id], fate(cluster, host)));
}

async function onOne(
  { view }: Cluster,
  states: readonly string[],
  work: (id: string) => Promise<unknown>,
): Promise<void> {
  const id = await view.pickId(...states);
  if (id !== undefined) await work(id);
}

/** One call in ten is killed. */
function fate({ world: { random } }: Cluster, host: Host): Fate {
  return host.fate(random.chance(0.1) ? { killAfterMs: random.between(20, 600) } : {});
}
