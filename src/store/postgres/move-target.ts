/** The database that a queue moves to: it gets all rows in one transaction, or none. */
import { QueueError } from '../../errors.js';
import { CONTENTS, toContents } from '../rows/moved-tables.js';
import type { LastNumbers, MovedTable, QueueContents } from '../rows/moved-tables.js';
import type { Row } from '../rows/row.js';
import { Connection, mayHaveHappened } from './connection.js';
import type { Transaction } from './connection.js';
import { TAKE_LOCK } from './locks.js';
import { CHANNEL } from './notifications.js';
import { prepareSchema } from './schema.js';

/** Those that keep a queue out. A worker that waits here has a row of its own, and no job. */
const IS_EMPTY = ['jobs', 'runs', 'queues', 'tags', 'acts']
  .map((table) => `NOT EXISTS (SELECT 1 FROM queuectl.${table})`)
  .join(' AND ');

/** What reads goes on; who would write waits for the commit. The copy may wait for its source longer than others may. */
const LOCK = `
  SET LOCAL idle_in_transaction_session_timeout = 0;
  LOCK TABLE queuectl.jobs, queuectl.runs, queuectl.queues, queuectl.tags, queuectl.acts, queuectl.counters
    IN SHARE ROW EXCLUSIVE MODE`;

export class MoveTarget {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(url: string, lockTimeoutMs: number): Promise<MoveTarget> {
    return new MoveTarget(await Connection.open(url, lockTimeoutMs));
  }

  /** Changes nothing. Throws `conflict` where the database holds jobs, and `unavailable`. */
  async requireEmpty(): Promise<void> {
    const [found] = await this.#connection.rows(
      `SELECT to_regclass('queuectl.migrations') IS NOT NULL AS is_known`,
    );
    if (found?.['is_known'] === true) await this.#requireEmpty(this.#connection);
  }

  async #requireEmpty(reader: Pick<Transaction, 'rows'>): Promise<void> {
    const [found] = await reader.rows(`SELECT ${IS_EMPTY} AS is_empty`);
    if (found?.['is_empty'] === true) return;
    throw new QueueError(
      'conflict',
      `the database ${this.#connection.name} has a queue with jobs or pauses in it already`,
      'move into an empty database: two queues cannot become one',
    );
  }

  /** Makes the schema where it is missing; the id of the database. */
  async prepare(): Promise<string> {
    return prepareSchema(this.#connection);
  }

  /** Whether the queue in the file with this id came here. Waits for a move that has not ended. */
  async hasArrived(sqliteId: string): Promise<boolean> {
    const [found] = await this.#connection.rows(
      `SELECT to_regclass('queuectl.meta') IS NOT NULL AS is_known`,
    );
    if (found?.['is_known'] !== true) return false;
    return this.#connection.write(async (transaction) => {
      await transaction.exec(TAKE_LOCK.move);
      const [row] = await transaction.rows(`SELECT value FROM queuectl.meta WHERE key = 'moved_from'`);
      return row?.['value'] === sqliteId;
    });
  }

  /**
   * One transaction for one queue; where others were in its way, `work` is called again. `unknown`: the connection broke while
   * the server was committing.
   */
  async receive(
    sqliteId: string,
    work: (arrival: Arrival) => Promise<void>,
  ): Promise<'committed' | 'unknown'> {
    try {
      await this.#connection.write(async (transaction) => {
        await transaction.exec(TAKE_LOCK.move);
        await transaction.exec(LOCK);
        await this.#requireEmpty(transaction);
        await transaction.rows(
          `INSERT INTO queuectl.meta (key, value) VALUES ('moved_from', $1)
          ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
          sqliteId,
        );
        await work(new Arrival(transaction));
      });
      return 'committed';
    } catch (error) {
      if (mayHaveHappened(error)) return 'unknown';
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** What is written inside of the transaction. */
export class Arrival {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  async insert({ name, columns }: MovedTable, rows: readonly Row[]): Promise<void> {
    const listed = columns.join(', ');
    await this.#transaction.rows(
      `INSERT INTO queuectl.${name} (${listed}) OVERRIDING SYSTEM VALUE
      SELECT ${listed} FROM json_populate_recordset(NULL::queuectl.${name}, $1::json) ON CONFLICT DO NOTHING`,
      JSON.stringify(rows, toJson),
    );
  }

  /** The counters of what has come, and of the queues that only had jobs; the numbers go on behind those that were given. */
  async complete(counted: readonly Row[], last: LastNumbers): Promise<void> {
    await this.#transaction.exec(`
      DELETE FROM queuectl.counters;
      INSERT INTO queuectl.counters (queue, state, stripe, n)
        SELECT queue, state, 0, count(*) FROM queuectl.jobs GROUP BY queue, state`);
    await this.#transaction.rows(
      `INSERT INTO queuectl.counters (queue, state, stripe, n)
      SELECT queue, state, 0, 0 FROM json_to_recordset($1::json) AS c (queue text, state text) ON CONFLICT DO NOTHING`,
      JSON.stringify(counted),
    );
    await this.#goOnBehind('jobs', 'seq', last.jobs);
    await this.#goOnBehind('acts', 'act', last.acts);
    await this.#goOnBehind('workers', 'session_id', last.workers);
    await this.#transaction.exec(`NOTIFY ${CHANNEL}`);
  }

  /** By an ALTER, which goes with the transaction, as setval does not. */
  async #goOnBehind(table: keyof LastNumbers, column: string, last: number): Promise<void> {
    const sequence = `queuectl.${table}_${column}_seq`;
    const [row] = await this.#transaction.rows(
      `SELECT last_value + (CASE WHEN is_called THEN 1 ELSE 0 END) AS next FROM ${sequence}`,
    );
    const next = Math.max(Number(row?.['next']), last + 1);
    await this.#transaction.exec(`ALTER SEQUENCE ${sequence} RESTART WITH ${next}`);
  }

  async contents(): Promise<QueueContents> {
    const text = CONTENTS.replaceAll(/FROM (\w+)/g, 'FROM queuectl.$1');
    return toContents(await this.#transaction.rows(text));
  }
}

/** Bytes as the server reads them; what it cannot keep in a text, a NUL and half of a pair, as what stands for it. */
function toJson(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value;
}
