/** What befalls the network and the server, one thing after the other, each of them undone in the end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from '../checkers/evidence.js';
import { uptimeS } from '../harness/clock.js';
import type { Cluster } from './cluster.js';
import { Deck } from './deck.js';
import type { Card } from './deck.js';
import type { Host } from './host.js';
import { CUT, WELL } from './network.js';
import type { Condition } from './network.js';

const SLOW: Condition = { delayMs: 5000, lossPercent: 0 };
const LOSSY: Condition = { delayMs: 0, lossPercent: 30 };

/** Of the way to the server, and of the way back. */
type Wires = readonly [toServer: Condition, toHost: Condition];

/** `longMs`: how long the long ones last; 0: there are none. */
export function networkDeck(cluster: Cluster, longMs: number): Deck {
  const { random } = cluster.world;
  const short = (): number => random.between(1000, 5000);
  const oneWay = (): Wires => (random.chance(0.5) ? [CUT, WELL] : [WELL, CUT]);
  const wire =
    (fault: FaultKind, wires: () => Wires, forMs: () => number): Card['play'] =>
    () =>
      harmWire(cluster, fault, wires(), forMs());
  const cards: Card[] = [
    {
      name: 'cut for 5 s',
      play: wire(
        'cut',
        () => [CUT, CUT],
        () => 5000,
      ),
    },
    { name: 'cut for 1 to 5 s', play: wire('cut', () => [CUT, CUT], short) },
    { name: 'one way cut for 1 to 5 s', play: wire('one_way', oneWay, short) },
    {
      name: 'latency of 5 s',
      play: wire(
        'slow',
        () => [SLOW, WELL],
        () => random.between(8000, 15_000),
      ),
    },
    {
      name: 'loss of 30 %',
      play: wire(
        'lossy',
        () => [LOSSY, LOSSY],
        () => random.between(5000, 10_000),
      ),
    },
    { name: 'server restarted at once', play: () => restart(cluster) },
    { name: 'server restarted at once', play: () => restart(cluster) },
    { name: 'connections terminated', play: () => terminate(cluster) },
    { name: 'connections terminated', play: () => terminate(cluster) },
  ];
  const long = (): number => longMs;
  if (longMs > 0)
    cards.push(
      { name: `cut for ${longMs / 1000} s`, play: wire('cut', () => [CUT, CUT], long) },
      { name: `one way cut for ${longMs / 1000} s`, play: wire('one_way', oneWay, long) },
    );
  return new Deck(random, cards);
}

async function harmWire(
  { world, network, hosts, troubled }: Cluster,
  fault: FaultKind,
  [toServer, toHost]: Wires,
  forMs: number,
): Promise<boolean> {
  const host = world.random.pick(hosts);
  if (host.isBusy) return false;
  const pids = host.living.map(({ pid }) => pid);
  const startS = uptimeS();
  troubled.add(host.index);
  await network.setWire(host.index, toServer, toHost);
  await delay(forMs);
  await network.setWire(host.index, WELL, WELL);
  troubled.delete(host.index);
  recordFor(world, fault, startS, host, pids);
  return true;
}

/** For each worker that it hit, those that began meanwhile, too. */
function recordFor(
  world: Cluster['world'],
  fault: FaultKind,
  startS: number,
  host: Host,
  before: readonly number[],
): void {
  const pids = new Set([...before, ...host.living.map(({ pid }) => pid)]);
  for (const pid of pids) world.addFault(fault, startS, pid);
  // A client may have met it where no worker did.
  if (pids.size === 0) world.addFault(fault, startS, -1);
}

async function restart({ world, server }: Cluster): Promise<boolean> {
  const startS = uptimeS();
  await server.restart();
  world.addFault('restart', startS);
  return true;
}

async function terminate({ world, view }: Cluster): Promise<boolean> {
  for (let count = world.random.between(5, 25); count > 0; count--) {
    const startS = uptimeS();
    await view.terminateOne();
    world.addFault('terminate', startS);
    await delay(world.random.between(0, 300));
  }
  return true;
}
