/** The way to the database: transactions, prepared statements, and what becomes of a connection that breaks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueError } from '../../errors.js';
import { databaseName, readDatabaseUrl } from '../../job/database-url.js';
import type { Row, SqlValue } from '../rows/row.js';
import { errorCode, MOST_CONNECTIONS, openDatabase } from './driver.js';
import { KEEPALIVES, setConfig } from './keepalives.js';
import type { Client, Database } from './driver.js';
import { isConnectionLost, isReadOnly, storeError } from './store-error.js';

/** What one transaction does; each call is one statement. */
export interface Transaction {
  rows(text: string, ...values: SqlValue[]): Promise<Row[]>;
  /** Rows of a text that hardly comes again: no connection keeps a plan for it. */
  once(text: string, ...values: SqlValue[]): Promise<Row[]>;
  /** Statements without parameters, one or many. */
  exec(text: string): Promise<void>;
}

const MOST_TRIES = 10;
const LONGEST_WAIT_MS = 25;

/** What every connection is, whatever the role or the server has as its default. */
const SETTINGS: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog',
  // Each statement sees what was committed before it: the locks below count on that.
  default_transaction_isolation: 'read committed',
  // The plans are made for any value: they read an index in its order and stop. A plain index scan also remembers which
  // entries are dead, of which a busy queue has many; a bitmap reads them again and again.
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  // To compile a plan takes longer than any of these statements.
  jit: 'off',
  idle_in_transaction_session_timeout: '60000',
  ...KEEPALIVES,
};

const READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED';

export class Connection {
  readonly #database: Database;
  /** Without its secrets. */
  readonly name: string;
  readonly #names = new Map<string, string>();
  /** False behind a pooler that hands each transaction another connection. */
  #keepsStatements = true;

  private constructor(database: Database, name: string) {
    this.#database = database;
    this.name = name;
  }

  static async open(url: string, lockTimeoutMs: number): Promise<Connection> {
    readDatabaseUrl(url, 'the database');
    const prepare = settingsSql(lockTimeoutMs);
    return new Connection(await openDatabase({ url, lockTimeoutMs, prepare }), databaseName(url));
  }

  /** Rows of one read that needs no transaction of its own. A connection that breaks is replaced once. */
  async rows(text: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#again(() => this.#use((client) => this.#query(client, text, values)));
  }

  /** The same of a text that hardly comes again: no connection keeps a plan for it. */
  async once(text: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#again(() => this.#use((client) => client.query(text, values)));
  }

  /** One statement that changes something, and is its own transaction. */
  async change(text: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#again(() => this.#use((client) => decisive(() => this.#query(client, text, values))));
  }

  /** Several reads that see one state of the database. */
  async read<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#again(() => this.#transaction(READ, work));
  }

  /** One transaction; on the disk once the promise resolves. Begun again where others were in its way. */
  async write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#again(() => this.#transaction(WRITE, work));
  }

  async listen(
    channel: string,
    onNotification: (text: string) => void,
    onEnd: () => void,
  ): Promise<() => void> {
    return this.#database.listen(channel, onNotification, onEnd);
  }

  /** Tells those who listen; no more than a try. */
  async notify(text: string): Promise<void> {
    await this.#use((client) => client.query(text));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #transaction<T>(begin: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#use(async (client) => {
      await client.query(begin);
      let result: T;
      try {
        result = await work({
          rows: (text, ...values) => this.#query(client, text, values),
          once: (text, ...values) => client.query(text, values),
          exec: async (text) => void (await client.query(text)),
        });
      } catch (error) {
        await rollBack(client);
        throw error;
      }
      const commit = (): Promise<unknown> => client.query('COMMIT');
      // What only reads leaves nothing in doubt, and is done again.
      await (begin === READ ? commit() : decisive(commit));
      return result;
    });
  }

  async #query(client: Client, text: string, values: readonly SqlValue[]): Promise<Row[]> {
    return client.query(text, values, this.#keepsStatements ? this.#nameOf(text) : undefined);
  }

  #nameOf(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = `queuectl_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }

  async #use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    let isBroken = true;
    try {
      const result = await work(client);
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = error instanceof UnknownOutcome || isConnectionLost(error) || isReadOnly(error);
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  async #connect(): Promise<Client> {
    try {
      return await this.#database.connect();
    } catch (error) {
      throw new NotConnected(error);
    }
  }

  /**
   * Once more after a deadlock, a pooler's surprise, or a connection that broke before anything was decided: a server that
   * was restarted has broken all that lie idle, and each is found out in turn.
   */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof NotConnected) throw storeError(error.cause, this.name);
        if (error instanceof UnknownOutcome) throw unknownOutcome(error, this.name);
        const isWorthwhile =
          isConnectionLost(error) ||
          isCollision(error) ||
          this.#losesStatements(error) ||
          // After a failover each that lies idle leads to what is a standby now, and is dropped when that is found out.
          (isReadOnly(error) && tries <= MOST_CONNECTIONS);
        if (tries >= MOST_TRIES || !isWorthwhile) throw storeError(error, this.name);
      }
      await sleep(Math.random() * Math.min(LONGEST_WAIT_MS, 2 ** tries));
    }
  }

  /** A prepared statement is missing, or there already: a pooler is between us, and none is kept from now on. */
  #losesStatements(error: unknown): boolean {
    const code = errorCode(error);
    if (code !== '26000' && code !== '42P05') return false;
    this.#keepsStatements = false;
    return true;
  }
}

/** Nothing was sent. */
class NotConnected extends Error {
  constructor(cause: unknown) {
    super('not connected', { cause });
  }
}

/** Two transactions that wait for each other: the server ends one of them, which did nothing. */
function isCollision(error: unknown): boolean {
  const code = errorCode(error);
  return code === '40P01' || code === '40001';
}

/** The connection broke while the server may have been committing: nobody here knows whether it did. */
class UnknownOutcome extends Error {
  constructor(cause: unknown) {
    super('unknown outcome', { cause });
  }
}

async function decisive<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isConnectionLost(error) ? new UnknownOutcome(error) : error;
  }
}

/** Whether the change that this error reports may have been made. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof QueueError && error.cause instanceof UnknownOutcome;
}

function unknownOutcome(cause: UnknownOutcome, name: string): QueueError {
  return new QueueError(
    'unavailable',
    `the database ${name} broke off the connection: it is not known whether the change was made`,
    'look before you try again: queuectl list, queuectl show',
    { cause },
  );
}

async function rollBack(client: Client): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch {
    // The connection is gone, and the transaction with it; the first error is the one to report.
  }
}

/**
 * A commit is acknowledged once it is on the disk, whatever the default of the server is; where more is asked of it
 * (`remote_apply`), that stays.
 */
function settingsSql(lockTimeoutMs: number): string {
  const lockTimeout = lockTimeoutMs === Infinity ? 0 : Math.max(1, Math.round(lockTimeoutMs));
  return `
    SELECT ${setConfig({ ...SETTINGS, lock_timeout: String(lockTimeout) })}, set_config('synchronous_commit',
      CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
        ELSE current_setting('synchronous_commit') END, false)`;
}
