/** A way to a server that can be broken: for tests of what becomes of a connection that ends at the worst moment. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Proxy {
  /** The URL that leads through it. */
  readonly url: string;
  /** The answer to what is asked next is kept from the client, and its connection ends: what was asked has been done. */
  readonly loseNextAnswer: () => void;
  /** Ends every connection. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export async function startProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const open = new Set<Socket>();
  let losesNext = false;
  const proxy = createServer((client) => {
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
    client.on('data', (data) => {
      // The bell is rung at its own time, and is nobody's question.
      isLost ||= losesNext && !data.includes('NOTIFY');
      if (isLost) losesNext = false;
      server.write(data);
    });
    server.on('data', (data) => {
      if (isLost) end();
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = String((proxy.address() as AddressInfo).port);
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: through.href,
    loseNextAnswer: () => (losesNext = true),
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
