/**
 * A server and its hosts, each in a network namespace of its own, and between them wires that can be cut and slowed: wire.c.
 * Nothing of it is seen outside, and no address leads anywhere else.
 */
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { waitUntil } from '../../support/processes.js';
import { projectRoot } from '../harness/world.js';
import { makeNamespace } from './namespaces.js';
import type { Namespace } from './namespaces.js';

/** All hosts, as the server sees them. */
export const HOSTS_RANGE = '10.77.0.0/16';

/** One direction of a wire. */
export interface Condition {
  readonly delayMs: number;
  readonly lossPercent: number;
}

export const WELL: Condition = { delayMs: 0, lossPercent: 0 };
export const CUT: Condition = { delayMs: 0, lossPercent: 100 };

export interface Network {
  readonly server: Namespace;
  readonly hosts: readonly Namespace[];
  /** Where this host finds the server. */
  readonly serverAddress: (host: number) => string;
  /** Resolves once it holds. */
  readonly setWire: (host: number, toServer: Condition, toHost: Condition) => Promise<void>;
  readonly close: () => void;
}

/** `directory`: where the program for the wires may be built. */
export async function openNetwork(names: readonly string[], directory: string): Promise<Network> {
  const program = join(directory, 'wire');
  const source = join(projectRoot(), 'test', 'fault', 'hosts', 'wire.c');
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
  const open: Namespace[] = [];
  const close = (): void => {
    for (const namespace of open) namespace.close();
  };
  try {
    const server = await makeNamespace('server');
    open.push(server);
    const hosts: Namespace[] = [];
    for (const name of names) {
      const host = await makeNamespace(name);
      open.push(host);
      hosts.push(host);
    }
    const ends = hosts.flatMap((_, index) => [`host${index}`, `server${index}`]);
    // It waits for a line until its interfaces are there.
    const wires = await makeNamespace('wires', [
      'sh',
      '-c',
      'read -r go && exec "$@"',
      'sh',
      program,
      ...ends,
    ]);
    open.push(wires);
    for (const [index, host] of hosts.entries()) {
      plugIn(wires, `host${index}`, host, address(index, 2), mac(index, 2), [
        address(index, 1),
        mac(index, 1),
      ]);
      plugIn(wires, `server${index}`, server, address(index, 1), mac(index, 1), [
        address(index, 2),
        mac(index, 2),
      ]);
    }
    const lines: string[] = [];
    if (wires.keeper.stdout === null) throw new Error('the wires have no output');
    createInterface(wires.keeper.stdout).on('line', (line) => lines.push(line));
    const ask = async (line: string, count: number): Promise<void> => {
      wires.keeper.stdin?.write(`${line}\n`);
      await waitUntil(() => lines.length >= count, { what: `the wires to obey: ${line}` });
    };
    let asked = 1;
    await ask('go', asked);
    const setWire = async (host: number, toServer: Condition, toHost: Condition): Promise<void> => {
      const order = (way: 'a' | 'b', { delayMs, lossPercent }: Condition): Promise<void> =>
        ask(`${host} ${way} ${delayMs} ${lossPercent}`, (asked += 1));
      await Promise.all([order('a', toServer), order('b', toHost)]);
    };
    return { server, hosts, serverAddress: (host) => address(host, 1), setWire, close };
  } catch (error) {
    close();
    throw error;
  }
}

function address(host: number, end: 1 | 2): string {
  return `10.77.${host + 1}.${end}`;
}

function mac(host: number, end: 1 | 2): string {
  return `02:00:00:00:0${host + 1}:0${end}`;
}

/**
 * Gives a namespace an interface whose other end lies with the wires. It knows its peer for good: a cut wire is to be silent,
 * and not a host that nobody finds.
 */
function plugIn(
  wires: Namespace,
  name: string,
  namespace: Namespace,
  own: string,
  ownMac: string,
  [peer, peerMac]: readonly [string, string],
): void {
  const link = `to-${peer}`;
  wires.ip(
    'link',
    'add',
    name,
    'type',
    'veth',
    'peer',
    'name',
    link,
    'address',
    ownMac,
    'netns',
    String(namespace.pid),
  );
  wires.ip('link', 'set', name, 'up');
  namespace.ip('addr', 'add', `${own}/24`, 'dev', link);
  namespace.ip('link', 'set', link, 'up');
  namespace.ip('neigh', 'replace', peer, 'lladdr', peerMac, 'dev', link, 'nud', 'permanent');
}
