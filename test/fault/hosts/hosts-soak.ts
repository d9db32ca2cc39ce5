/** Jepsen's queue test on three hosts and a server: clients, workers and two nemeses; then it heals, drains, and is checked. */
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../../src/time.js';
import { waitUntil } from '../../support/processes.js';
import { checkAll } from '../checkers/check-all.js';
import type { Evidence, Violation } from '../checkers/evidence.js';
import { drain } from '../harness/drain.js';
import { enqueue } from '../harness/client.js';
import { FAKETIME } from '../harness/faketime.js';
import { takeovers } from '../checkers/timing.js';
import { percentiles } from '../soak/figures.js';
import { report } from '../soak/report.js';
import { playClient } from './clients.js';
import { openCluster } from './cluster.js';
import type { Cluster } from './cluster.js';
import type { Deck } from './deck.js';
import { networkDeck } from './network-nemesis.js';
import { processDeck } from './process-nemesis.js';

export interface HostsSoakOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly lease: string;
  /** How long the long faults last; 0: there are none. */
  readonly longMs: number;
}

const WORKERS_A_HOST = 2;
const SAMPLE_MS = 1000;
const DRAIN_MS = 240_000;
/** A job that was lost runs again so long after the lease, at the latest. */
const BEYOND_LEASE_S = 10;

export async function hostsSoak(
  options: HostsSoakOptions,
): Promise<{ readonly violations: readonly Violation[]; readonly report: string }> {
  const { seed, forMs, lease, longMs } = options;
  const cluster = await openCluster({ seed, lease });
  const leaseS = (parseDuration(lease) ?? NaN) / 1000;
  try {
    const decks = [
      networkDeck(cluster, longMs),
      processDeck(cluster, { longMs, goneMs: longMs === 0 ? 0 : (leaseS + BEYOND_LEASE_S) * 1000 }),
    ];
    const evidence = { ...(await play(cluster, decks, forMs)), leaseS };
    const { bootS } = cluster.world;
    const violations = checkAll(evidence, { bootS, recoveryBoundS: leaseS + BEYOND_LEASE_S });
    const skipped = FAKETIME === null ? ['clock: libfaketime is not installed'] : [];
    const played = decks.flatMap((deck) => [...deck.played].map(([name, count]) => `${count} ${name}`));
    const head = [
      `lease ${lease}; nemeses: ${played.join(', ')}`,
      `taken over from a silent worker: ${percentiles(takeovers(evidence, bootS).map(({ seconds }) => seconds))}`,
    ];
    return { violations, report: report({ seed, forMs, evidence, violations, bootS, skipped, head }) };
  } finally {
    await cluster.close();
  }
}

async function play(cluster: Cluster, decks: readonly Deck[], forMs: number): Promise<Evidence> {
  const { world, hosts, view } = cluster;
  const [first] = hosts;
  if (first === undefined) throw new Error('no host');
  await enqueue(world, world.askFor('ok'), first.fate());
  const endAt = performance.now() + forMs;
  const isOver = (): boolean => performance.now() >= endAt;
  await Promise.all([
    ...hosts.map((host) => playClient(cluster, host, isOver)),
    ...decks.map((deck) => playDeck(cluster, deck, isOver)),
    keepHostsFull(cluster, isOver),
  ]);
  const begun = hosts.flatMap((host) => host.living);
  await waitUntil(() => begun.every((worker) => worker.end !== null || worker.text().includes('Polling')), {
    what: 'workers that began in the last trouble',
    timeoutMs: DRAIN_MS,
  });
  const living = begun.filter(({ end }) => end === null);
  const last = hosts.map((host) => host.start(2));
  const evidence = await drain(world, living, DRAIN_MS, { view, workers: last });
  const unexpected = hosts.flatMap((host) => host.unexpectedEnds());
  return { ...evidence, stuck: evidence.stuck ?? unexpected[0] ?? null };
}

async function playDeck({ world }: Cluster, deck: Deck, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await delay(world.random.between(200, 2500));
    await deck.playNext();
  }
}

async function keepHostsFull({ hosts }: Cluster, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    for (const host of hosts) {
      if (!host.isBusy) host.fillUp(WORKERS_A_HOST);
      host.sample();
    }
    await delay(SAMPLE_MS);
  }
}
