/** The queue in a file, as it is read to be moved: under the write lock, so that nothing changes meanwhile. */
import { QueueError } from '../../errors.js';
import { CONTENTS, toContents } from '../rows/moved-tables.js';
import type { LastNumbers, MovedTable, QueueContents } from '../rows/moved-tables.js';
import type { Row, SqlValue } from '../rows/row.js';
import { Connection } from './connection.js';
import { createDoorbell } from './doorbell.js';
import { finishMove, readIdentity, setMark, undoMove } from './moved.js';
import type { MoveMark } from './moved.js';
import { prepareSchema } from './schema.js';

/** Of rows that are in memory at once, and of their long columns. */
const MOST_ROWS = 1000;
const MOST_BYTES = 2 * 1024 * 1024;

export class MoveSource {
  readonly #connection: Connection;
  readonly #home: string;
  readonly id: string;
  /** What is left of an earlier move. */
  readonly mark: MoveMark | null;

  private constructor(connection: Connection, home: string, id: string, mark: MoveMark | null) {
    this.#connection = connection;
    this.#home = home;
    this.id = id;
    this.mark = mark;
  }

  /** Of a database that is there. */
  static async open(home: string, path: string, lockTimeoutMs: number): Promise<MoveSource> {
    const connection = new Connection(path, lockTimeoutMs);
    try {
      await prepareSchema(connection);
      const { databaseId, move } = await readIdentity(connection);
      return new MoveSource(connection, home, databaseId, move);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** From now on nobody else writes. Throws `conflict` where jobs run. */
  async lock(): Promise<void> {
    await this.#connection.whenUnlocked(() => this.#connection.exec('BEGIN IMMEDIATE'));
    try {
      this.requireRest();
    } catch (error) {
      this.unlock();
      throw error;
    }
  }

  /** Gives the lock back, should it be held; nothing was changed. */
  unlock(): void {
    try {
      this.#connection.exec('ROLLBACK');
    } catch {
      // It is not held.
    }
  }

  /** Throws `conflict` where jobs run. */
  requireRest(): void {
    const row = this.#connection.sql('SELECT count(*) AS n FROM jobs WHERE session_id IS NOT NULL').get();
    const n = Number(row?.['n']);
    if (n === 0) return;
    throw new QueueError(
      'conflict',
      n === 1 ? '1 job is running' : `${n} jobs are running`,
      '--drain asks the workers to stop, waits for what runs, and moves the queue then',
    );
  }

  contents(): QueueContents {
    return toContents(this.#connection.sql(CONTENTS).all());
  }

  lastNumbers(): LastNumbers {
    const rows = this.#connection.sql('SELECT name, seq FROM sqlite_sequence').all();
    const of = (table: string): number => Number(rows.find((row) => row['name'] === table)?.['seq'] ?? 0);
    return { jobs: of('jobs'), acts: of('acts'), workers: of('workers') };
  }

  /** Each queue and state that was ever counted. */
  countedLanes(): Row[] {
    return this.#connection.sql('SELECT queue, state FROM counters').all();
  }

  /** Its rows, in the order of its key, as many at a time as may be in memory. */
  *pages({ name, key, columns, long, where = 'true' }: MovedTable): Generator<readonly Row[]> {
    const order = key.join(', ');
    const weight = ['0', ...long.map((column) => `coalesce(octet_length(${column}), 0)`)].join(' + ');
    let after: SqlValue[] | null = null;
    for (;;) {
      const behind: string = after === null ? '' : `AND (${order}) > (${key.map(() => '?').join(', ')})`;
      const from = `FROM ${name} WHERE (${where}) ${behind} ORDER BY ${order} LIMIT ?`;
      const values: SqlValue[] = after ?? [];
      const weights = this.#connection.sql(`SELECT ${weight} AS bytes ${from}`).all(...values, MOST_ROWS);
      const rows: Row[] = this.#connection
        .sql(`SELECT ${columns.join(', ')} ${from}`)
        .all(...values, howMany(weights));
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows;
      after = key.map((column) => last[column] as SqlValue);
    }
  }

  /** Marks the queue as moved, durably, and gives the lock back. From now on nobody changes a job here. */
  markMoved(mark: MoveMark): void {
    setMark(this.#connection, mark);
    this.#connection.exec('COMMIT');
  }

  async finish(mark: MoveMark): Promise<void> {
    await finishMove(this.#connection, mark);
    // Who waits here is to hear of it.
    createDoorbell(this.#home).ring();
  }

  async undo(mark: MoveMark): Promise<void> {
    await undoMove(this.#connection, mark);
  }

  close(): void {
    this.#connection.close();
  }
}

/** One at least: a job may be longer than what is wanted. */
function howMany(weights: readonly Row[]): number {
  let bytes = 0;
  const end = weights.findIndex((row) => (bytes += Number(row['bytes'])) > MOST_BYTES);
  return end === -1 ? weights.length : Math.max(1, end);
}
