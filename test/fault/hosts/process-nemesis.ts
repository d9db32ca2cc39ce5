/** What befalls the processes of the hosts, and whole hosts, beside what befalls the network. */
import { setTimeout as delay } from 'node:timers/promises';
import { killQuietly, waitUntil } from '../../support/processes.js';
import { uptimeS } from '../harness/clock.js';
import type { WorkerProcess } from '../harness/worker-process.js';
import type { Cluster } from './cluster.js';
import { Deck } from './deck.js';
import type { Card } from './deck.js';
import type { Host } from './host.js';

/** Far enough to mislead, and near enough that a job which is put off by it still runs before the end. */
const FARTHEST_S = 20;

export interface ProcessDeckOptions {
  /** How long the long ones last; 0: there are none. */
  readonly longMs: number;
  /** How long a host that died stays away; 0: none dies. */
  readonly goneMs: number;
}

export function processDeck(cluster: Cluster, { longMs, goneMs }: ProcessDeckOptions): Deck {
  const { random } = cluster.world;
  const cards: Card[] = [
    ...Array.from({ length: 3 }, () => ({ name: 'worker killed', play: () => killWorker(cluster) })),
    { name: 'launcher killed', play: () => killLauncher(cluster) },
    { name: 'worker and launcher killed', play: () => killBoth(cluster) },
    { name: 'worker stopped for 1 to 5 s', play: () => stopWorker(cluster, random.between(1000, 5000)) },
    { name: 'clock set', play: () => setClock(cluster) },
  ];
  if (longMs > 0)
    cards.push({ name: `worker stopped for ${longMs / 1000} s`, play: () => stopWorker(cluster, longMs) });
  if (goneMs > 0)
    cards.push({ name: `host gone for ${goneMs / 1000} s`, play: () => loseHost(cluster, goneMs) });
  return new Deck(random, cards);
}

/** A worker of a host with which nothing else is being done. */
function pickWorker({ world: { random }, hosts }: Cluster): { host: Host; worker: WorkerProcess } | null {
  const host = random.pick(hosts);
  const [worker] = host.living;
  return host.isBusy || worker === undefined ? null : { host, worker };
}

async function killWorker(cluster: Cluster): Promise<boolean> {
  const found = pickWorker(cluster);
  await found?.worker.kill();
  return found !== null;
}

async function killLauncher(cluster: Cluster): Promise<boolean> {
  const found = pickWorker(cluster);
  found?.worker.killLauncher();
  return found !== null;
}

/**
 * What left its job's group then lives until the next worker of the host, which ends it: so one must be able to begin before
 * the lease is over, and no other fault may come to this host meanwhile.
 */
async function killBoth(cluster: Cluster): Promise<boolean> {
  const found = pickWorker(cluster);
  if (found === null || cluster.troubled.has(found.host.index)) return false;
  const { host, worker } = found;
  host.isBusy = true;
  try {
    const { launcher } = worker;
    killQuietly(worker.pid);
    if (launcher !== null) killQuietly(launcher);
    await worker.ended;
    await waitUntil(
      () => {
        if (host.living.length === 0) host.start();
        return host.living.some((next) => next.text().includes('Polling'));
      },
      { what: `a new worker on ${host.name}` },
    );
  } finally {
    host.isBusy = false;
  }
  return true;
}

async function stopWorker(cluster: Cluster, forMs: number): Promise<boolean> {
  const found = pickWorker(cluster);
  if (found === null) return false;
  const startS = uptimeS();
  found.worker.signal('SIGSTOP');
  await delay(forMs);
  found.worker.signal('SIGCONT');
  cluster.world.addFault('stop', startS, found.worker.pid);
  return true;
}

async function setClock(cluster: Cluster): Promise<boolean> {
  const { random } = cluster.world;
  const host = random.pick(cluster.hosts);
  if (host.clockFile === null || host.isBusy) return false;
  const startS = uptimeS();
  host.setClock(random.between(-FARTHEST_S, FARTHEST_S));
  await delay(random.between(1500, 5000));
  host.setClock(0);
  // The processes look at the file once a second.
  await delay(1500);
  for (const { pid } of host.living) cluster.world.addFault('clock', startS, pid);
  return true;
}

async function loseHost(cluster: Cluster, goneMs: number): Promise<boolean> {
  const host = cluster.world.random.pick(cluster.hosts);
  if (host.isBusy) return false;
  host.isBusy = true;
  try {
    await host.die();
    await delay(goneMs);
  } finally {
    host.isBusy = false;
  }
  return true;
}
