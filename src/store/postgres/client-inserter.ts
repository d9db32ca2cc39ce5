/**
 * Jobs as part of a transaction of the program's own, on its own connection. Its session may be set up in any way and stays
 * as it is: statements have no names, and name their schema. None of them fails because of what is stored, for that would
 * end the caller's transaction.
 */
import { QueueError, usageError } from '../../errors.js';
import type { NewJob } from '../../job/job.js';
import type { TransactionClient } from '../client.js';
import type { Row, SqlValue } from '../rows/row.js';
import type { InsertResult } from '../store.js';
import { plainArray, textArray } from './arrays.js';
import type { Connection } from './connection.js';
import { addToCounters, rollUpCounters, STRIPE_OF_TRANSACTION } from './counters.js';
import { errorCode } from './driver.js';
import { insertAll, insertSql } from './insert.js';
import type { InsertStatement } from './insert.js';
import { duplicateId } from './jobs.js';
import { CHANNEL, JOBS } from './notifications.js';
import { storeError } from './store-error.js';

/** Told as often as there are jobs, and by the server once. */
const INSERT: InsertStatement = {
  text: insertSql(STRIPE_OF_TRANSACTION, `, pg_notify('${CHANNEL}', '${JOBS}')`),
  more: () => [],
};

/** A row of the counters comes from each transaction: who stores many that way sees to it that they do not pile up. */
const ROLL_UP_EVERY = 500;

export class ClientInserter {
  readonly #connection: Connection;
  readonly #databaseId: string;
  /** Whose database was found to be the queue's. */
  readonly #known = new WeakSet<TransactionClient>();
  #calls = 0;

  constructor(connection: Connection, databaseId: string) {
    this.#connection = connection;
    this.#databaseId = databaseId;
  }

  /** All or none, as `insertJobs`; a `conflict` leaves the caller's transaction as it was. Throws `usage`. */
  async insert(
    client: TransactionClient,
    jobs: readonly NewJob[],
    onConflict: 'error' | 'ignore',
  ): Promise<InsertResult[]> {
    requireClient(client);
    const rows = async (text: string, ...values: SqlValue[]): Promise<Row[]> =>
      this.#query(client, text, values);
    if (!this.#known.has(client)) await requireDatabase(rows, this.#databaseId, this.#connection.name);
    this.#known.add(client);
    await requireTransaction(rows);
    if (onConflict === 'error' && jobs.length > 1) await requireNewIds(rows, jobs);
    const results = await insertAll({ rows }, jobs, 'ignore', INSERT);
    this.#calls += 1;
    if (this.#calls % ROLL_UP_EVERY === 0) void rollUpCounters(this.#connection).catch(() => undefined);
    const refused = results.find(({ outcome }) => outcome === 'exists');
    if (onConflict === 'ignore' || refused === undefined) return results;
    await takeBack(rows, results);
    throw duplicateId(refused.id);
  }

  async #query(client: TransactionClient, text: string, values: SqlValue[]): Promise<Row[]> {
    try {
      return [...(await client.query(text, values)).rows];
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (code === '25P02') throw alreadyFailed(error);
      // Collisions are the caller's to repeat, who looks for the server's own code.
      throw code.startsWith('40') ? error : storeError(error, this.#connection.name);
    }
  }
}

type Rows = (text: string, ...values: SqlValue[]) => Promise<Row[]>;

function requireClient(client: TransactionClient): void {
  const { query } = Object(client) as Partial<TransactionClient>;
  if (typeof query === 'function') return;
  throw usageError('client must be a connection with a function "query"', 'a Client or PoolClient of pg');
}

/** Asked in two steps, for to read a table that is not there would end the transaction. */
async function requireDatabase(rows: Rows, id: string, name: string): Promise<void> {
  const [found] = await rows(`SELECT to_regclass('queuectl.meta') IS NOT NULL AS is_known`);
  const [meta] =
    found?.['is_known'] === true
      ? await rows(`SELECT value FROM queuectl.meta WHERE key = 'database_id'`)
      : [];
  if (meta?.['value'] === id) return;
  throw usageError(
    meta === undefined
      ? `the database of the client holds no queue; this one is in ${name}`
      : `the client is connected to the database of another queue; this one is in ${name}`,
    'both must be in one database, or no transaction can hold both',
  );
}

/** Refused outside of a transaction, where each statement would commit by itself. The insert takes more than this lock. */
const LOCK = 'LOCK TABLE queuectl.jobs IN ACCESS SHARE MODE';

async function requireTransaction(rows: Rows): Promise<void> {
  try {
    await rows(LOCK);
  } catch (error) {
    const cause = error instanceof QueueError ? error.cause : error;
    if (errorCode(cause) !== '25P01') throw error;
    throw new QueueError(
      'usage',
      'the client is in no transaction',
      `await client.query('BEGIN') before it; a pool does not do, since each of its statements may take another connection`,
      { cause },
    );
  }
}

function alreadyFailed(cause: unknown): QueueError {
  return new QueueError(
    'usage',
    'the transaction of the client has failed before',
    'roll it back and begin another one',
    { cause },
  );
}

const STORED = 'SELECT id FROM queuectl.jobs WHERE id = ANY ($1::text[]) LIMIT 1';

/** So that nothing is stored only to be taken back, nearly always. */
async function requireNewIds(rows: Rows, jobs: readonly NewJob[]): Promise<void> {
  const ids = jobs.flatMap(({ id }) => id ?? []);
  if (ids.length === 0) return;
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) throw duplicateId(id);
    seen.add(id);
  }
  const [stored] = await rows(STORED, textArray(ids));
  if (stored !== undefined) throw duplicateId(String(stored['id']));
}

const TAKE_BACK = `
  WITH tags_gone AS (DELETE FROM queuectl.tags WHERE seq = ANY ($1::bigint[])),
  jobs_gone AS (DELETE FROM queuectl.jobs WHERE seq = ANY ($1::bigint[]) RETURNING queue, state)
  ${addToCounters('SELECT queue, state, -1 AS n FROM jobs_gone', STRIPE_OF_TRANSACTION)}`;

/** Another transaction stored one of the ids while this one was at it: of all or none it is none. */
async function takeBack(rows: Rows, results: readonly InsertResult[]): Promise<void> {
  const seqs = results.flatMap((result) => (result.outcome === 'inserted' ? [result.seq] : []));
  if (seqs.length > 0) await rows(TAKE_BACK, plainArray(seqs));
}
