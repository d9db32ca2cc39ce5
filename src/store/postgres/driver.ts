/**
 * The seam between our SQL and the PostgreSQL driver: swapping the driver means rewriting this file alone. It is a
 * bundle of its own, and loaded only when a database on a server is opened.
 */
import type { ClientBase, ClientConfig, Notification, Pool, PoolClient } from 'pg';
import type { Row, SqlValue } from '../rows/row.js';

declare module 'pg' {
  // Its types have not heard of it yet.
  interface Client {
    unref(): void;
  }
}

export interface Client {
  /** A statement with a name is parsed and planned once for each connection. */
  query(text: string, values?: readonly SqlValue[], name?: string): Promise<Row[]>;
  /** Back into the pool; one that is not to be trusted any more is closed. */
  release(isBroken: boolean): void;
}

export interface Database {
  connect(): Promise<Client>;
  /** Calls back with the text of each notification, until the connection ends; resolves to what ends it. */
  listen(channel: string, onNotification: (text: string) => void, onEnd: () => void): Promise<() => void>;
  close(): Promise<void>;
}

/** A connection beside the pool, for one that must not wait for another. */
export interface SingleClient extends Pick<Client, 'query'> {
  /** Also where nobody answers any more. */
  end(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** How long a statement may wait for a lock; Infinity: for ever. */
  readonly lockTimeoutMs: number;
  /** For each new connection, before its first use. */
  readonly prepare: string;
}

export const MOST_CONNECTIONS = 4;
const CONNECT_WITHIN_MS = 10_000;
/** A server that says nothing for so long is taken for gone: the kernel alone would wait for a quarter of an hour. */
const ANSWER_WITHIN_MS = 20_000;
/** A listener says nothing by itself: whether its connection still leads anywhere is asked so often. */
const ASK_EVERY_MS = 10_000;
const ASKED_WITHIN_MS = 5000;

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { default: pg } = await import('pg');
  const { url, lockTimeoutMs, prepare } = options;
  const config: ClientConfig = {
    connectionString: url,
    application_name: 'queuectl',
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    types: { getTypeParser: (oid: number) => parserOf(oid, pg.types.getTypeParser(oid, 'text')) },
  };
  const longestMs = lockTimeoutMs === Infinity ? ANSWER_WITHIN_MS : ANSWER_WITHIN_MS + lockTimeoutMs;
  const pool = new pg.Pool({
    ...config,
    query_timeout: longestMs,
    max: MOST_CONNECTIONS,
    allowExitOnIdle: true,
    verify: (client: PoolClient, done: (error?: Error) => void) => {
      client.query(prepare, (error: Error | null) => done(error ?? undefined));
    },
  });
  // A connection that breaks must not end the process, neither idle nor in use: the statement meets the trouble, and reports it.
  pool.on('error', () => undefined);
  let troubles = 0;
  const madeAfter = new WeakMap<PoolClient, number>();
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    madeAfter.set(client, troubles);
  });
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.connect();
    if (madeAfter.get(client) === troubles) return client;
    client.release(true);
    return connect();
  };
  return {
    // Where one connection has broken, or led to a standby, so may have those that lay idle then: each of them would cost
    // the wait for an answer that does not come.
    connect: async () => toClient(await connect(), () => (troubles += 1)),
    listen: async (channel, onNotification, onEnd) => {
      const client = new pg.Client({ ...config, query_timeout: ASKED_WITHIN_MS });
      client.on('error', () => undefined);
      client.once('end', onEnd);
      // Half open, or behind something that has forgotten it, it would stay silent for ever.
      const asking = setInterval(() => {
        client.query('SELECT 1').catch(() => closeQuietly(client));
      }, ASK_EVERY_MS).unref();
      client.once('end', () => clearInterval(asking));
      client.on('notification', (notification: Notification) => {
        if (notification.channel === channel) onNotification(notification.payload ?? '');
      });
      try {
        await client.connect();
        await client.query(`${prepare}; LISTEN ${channel}`);
      } catch (error) {
        closeQuietly(client);
        throw error;
      }
      // Whoever waits for a ring has something else that keeps its process running.
      client.unref();
      return () => closeQuietly(client);
    },
    close: () => endPool(pool),
  };
}

/** Neither its start nor a statement waits longer for an answer than this. */
export async function openSingle(url: string, answerWithinMs: number): Promise<SingleClient> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    application_name: 'queuectl',
    connectionTimeoutMillis: answerWithinMs,
    query_timeout: answerWithinMs,
  });
  client.on('error', () => undefined);
  const end = (): Promise<void> => client.end().catch(() => undefined);
  try {
    await client.connect();
  } catch (error) {
    void end();
    throw error;
  }
  return {
    query: async (text, values) =>
      (await client.query<Record<string, unknown>>(text, values === undefined ? [] : [...values])).rows,
    end,
  };
}

/** Closes it without a word of trouble. */
function closeQuietly(client: ClientBase & { end(): Promise<void> }): void {
  void client.end().catch(() => undefined);
}

async function endPool(pool: Pool): Promise<void> {
  if (!pool.ended) await pool.end();
}

const INT8 = 20;

/** Numbers of ours are exact in JavaScript: sequence numbers, milliseconds and counts stay far below 2^53. */
function parserOf(oid: number, usual: (text: string) => unknown): (text: string) => unknown {
  return oid === INT8 ? Number : usual;
}

function toClient(client: PoolClient, onTrouble: () => void): Client {
  return {
    query: async (text, values, name) => {
      const { rows } = await client.query<Record<string, unknown>>({
        text,
        ...(values !== undefined && { values: [...values] }),
        ...(name !== undefined && { name }),
      });
      return rows;
    },
    release: (isBroken) => {
      if (isBroken) onTrouble();
      client.release(isBroken);
    },
  };
}

/** The server's own code of five characters (SQLSTATE), or Node's for a connection; undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  const includes = (words: string): boolean => error.message.includes(words);
  if (SILENCE.some(includes)) return 'ETIMEDOUT';
  return DRIVER_MESSAGES.some(includes) ? CONNECTION_LOST : undefined;
}

export const CONNECTION_LOST = 'connection lost';

/** The driver's own errors have no code. */
const SILENCE = [
  'Query read timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'terminated due to connection timeout',
];
const DRIVER_MESSAGES = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'Cannot use a pool after calling end',
];
