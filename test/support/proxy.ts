/** A way to a server that can be broken: for tests of what becomes of a connection that ends at the worst moment. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { TestServer } from './postgres.js';

export interface Proxy {
  /** The URL that leads through it. */
  readonly url: string;
  /** The answer to what is next asked with these words is kept from the client, and its connection ends: what was asked has been done. */
  readonly loseNextAnswer: (words: string) => void;
  /** From now on what these words stand in, and all that follows on its connection, waits; null: it goes on. */
  readonly stall: (words: string | null) => void;
  /** Ends every connection. */
  readonly cut: () => void;
  /** Every connection ends, and none comes about, until `heal`. */
  readonly refuse: () => void;
  /** Nothing gets through, and nobody is told, until `heal`: then all of it arrives. */
  readonly freeze: () => void;
  readonly heal: () => void;
  /** From now on nothing comes from the server on the connections that listen by now, and nobody is told. */
  readonly hushListeners: () => void;
  /** From now on no notification arrives; all else does. */
  readonly dropNotifications: () => void;
  /** Every connection ends, and from now on they lead to this server. */
  readonly switchTo: (url: string) => void;
  /** How many connections were refused. */
  readonly refused: () => number;
  readonly close: () => Promise<void>;
}

/** A new database, and a way to it that ends with the test. */
export async function startProxiedDatabase(
  server: Pick<TestServer, 'createDatabase'>,
): Promise<{ readonly url: string; readonly proxy: Proxy }> {
  const url = await server.createDatabase();
  const proxy = await startProxy(url);
  onTestFinished(() => proxy.close());
  return { url, proxy };
}

export async function startProxy(url: string): Promise<Proxy> {
  let target = new URL(url);
  const open = new Set<Socket>();
  let losesNext: string | null = null;
  let way: 'open' | 'refused' | 'frozen' = 'open';
  let refused = 0;
  let stallsAt: string | null = null;
  const held = new Set<() => void>();
  const listeners = new Set<Socket>();
  let dropsNotifications = false;
  const proxy = createServer((client) => {
    if (way === 'refused') {
      refused += 1;
      client.destroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        open.delete(socket);
        end();
      });
    }
    let isLost = false;
    const waiting: Buffer[] = [];
    const goOn = (): void => {
      for (const data of waiting.splice(0)) if (!server.destroyed) server.write(data);
    };
    client.on('data', (data) => {
      if (data.includes('LISTEN ')) listeners.add(server);
      isLost ||= losesNext !== null && data.includes(losesNext);
      if (isLost) losesNext = null;
      if (waiting.length > 0 || (stallsAt !== null && data.includes(stallsAt))) {
        waiting.push(data);
        held.add(goOn);
      } else server.write(data);
    });
    server.on('data', (data) => {
      if (isLost) end();
      else client.write(dropsNotifications && listeners.has(server) ? withoutNotifications(data) : data);
    });
    if (way === 'frozen') for (const socket of [client, server]) socket.pause();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = String((proxy.address() as AddressInfo).port);
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: through.href,
    loseNextAnswer: (words) => (losesNext = words),
    stall: (words) => {
      stallsAt = words;
      if (words !== null) return;
      for (const goOn of held) goOn();
      held.clear();
    },
    cut,
    refuse: () => {
      way = 'refused';
      cut();
    },
    freeze: () => {
      way = 'frozen';
      for (const socket of open) socket.pause();
    },
    heal: () => {
      way = 'open';
      for (const socket of open) socket.resume();
    },
    hushListeners: () => {
      for (const socket of listeners) socket.pause();
    },
    dropNotifications: () => (dropsNotifications = true),
    switchTo: (other) => {
      target = new URL(other);
      cut();
    },
    refused: () => refused,
    close: async () => {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** Of whole messages: a byte that names the kind, four that hold the length of the rest and their own. */
function withoutNotifications(data: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at + 5 <= data.length;) {
    const end = at + 1 + data.readUInt32BE(at + 1);
    if (data.toString('latin1', at, at + 1) !== 'A') kept.push(data.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}
