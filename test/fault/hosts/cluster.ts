/** Three hosts, a server, and the wires between them: one queue, one record of all that is done to it. */
import { startServer } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { World } from '../harness/world.js';
import { Host } from './host.js';
import { HOSTS_RANGE, openNetwork } from './network.js';
import type { Network } from './network.js';
import { ServerView } from './store-view.js';

const NAMES = ['n1', 'n2', 'n3'];

export interface ClusterOptions {
  readonly seed: number;
  /** As the setting takes it: `10s`; null: the default. */
  readonly lease: string | null;
}

export interface Cluster {
  readonly world: World;
  readonly network: Network;
  readonly server: TestServer;
  readonly view: ServerView;
  readonly hosts: readonly Host[];
  /** Those, by index, whose way to the server is in trouble. */
  readonly troubled: Set<number>;
  readonly close: () => Promise<void>;
}

export async function openCluster({ seed, lease }: ClusterOptions): Promise<Cluster> {
  const world = new World({ seed });
  const undo: (() => unknown)[] = [() => world.remove()];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const network = await openNetwork(NAMES, world.base);
    undo.push(network.close);
    const server = await startServer({
      durable: true,
      place: { enter: network.server.enter, range: HOSTS_RANGE },
    });
    undo.push(server.stop);
    const local = await server.createDatabase();
    const hosts = network.hosts.map(({ name, enter }, index) => {
      const { port, pathname } = new URL(local);
      const url = `postgres://postgres@${network.serverAddress(index)}:${port}${pathname}`;
      return new Host(world, { index, name, enter, url, lease });
    });
    // First of all what runs on the hosts: it would complain of a server that is gone.
    undo.push(() => Promise.all(hosts.map((host) => host.die())));
    return { world, network, server, view: new ServerView(local), hosts, troubled: new Set(), close };
  } catch (error) {
    await close();
    throw error;
  }
}
