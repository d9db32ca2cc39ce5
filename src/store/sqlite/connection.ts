/** One connection to the database: transactions, prepared statements, and waiting for the lock. */
import { QueueError } from '../../errors.js';
import { openDatabase, resultCode, SQLITE } from './driver.js';
import type { Database, Row, SqlValue, Statement } from './driver.js';
import { storeError } from './store-error.js';

/** SQLite's own busy handler sleeps with the thread blocked and is unfair: it gets this long, then ours takes over. */
const BLOCK_MS = 5;
const SHORTEST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 25;

export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  readonly #lockTimeoutMs: number;
  readonly path: string;
  #isClosed = false;

  constructor(path: string, lockTimeoutMs: number) {
    this.path = path;
    this.#lockTimeoutMs = lockTimeoutMs;
    this.#database = this.#translate(() => openDatabase(path, BLOCK_MS));
  }

  /** The statement for this text, prepared once. */
  sql(text: string): Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /** For a text that a person's filter shapes, of which there may be any number: not kept. */
  onceSql(text: string): Statement {
    return this.#database.prepare(text);
  }

  exec(text: string): void {
    this.#database.exec(text);
  }

  /** Rows of a short read that needs no transaction of its own. */
  async rows(text: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.whenUnlocked(() => this.sql(text).all(...values));
  }

  /** Several reads that see one state of the database. */
  async read<T>(work: () => T): Promise<T> {
    return this.whenUnlocked(() => this.#transaction('BEGIN', work));
  }

  /** One transaction that holds the write lock from its start; on the disk once the promise resolves. */
  async write<T>(work: () => T): Promise<T> {
    return this.whenUnlocked(() => this.#transaction('BEGIN IMMEDIATE', work));
  }

  #transaction<T>(begin: string, work: () => T): T {
    this.sql(begin).run();
    try {
      const result = work();
      this.sql('COMMIT').run();
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #rollback(): void {
    try {
      this.sql('ROLLBACK').run();
    } catch {
      // A full disk or an I/O error has rolled back already; the first error is the one to report.
    }
  }

  /**
   * Runs the work as soon as no other process holds the lock. Waits between tries without blocking the
   * event loop, so that signals and children are still served; throws `unavailable` after the lock timeout.
   */
  async whenUnlocked<T>(work: () => T): Promise<T> {
    // Set by the first failure: Node takes 2 ms to load its clock, and nearly every command gets the lock at once.
    let deadline: number | undefined;
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isLocked(error)) throw storeError(error, this.path);
        deadline ??= performance.now() + this.#lockTimeoutMs;
        if (performance.now() >= deadline) throw lockedError(this.path, error);
      }
      await new Promise((resolve) => setTimeout(resolve, jitteredWaitMs()));
    }
  }

  #translate<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  /** A second time does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    this.#database.close();
  }
}

/** Jittered, so that waiting processes do not come back in step. */
function jitteredWaitMs(): number {
  return SHORTEST_WAIT_MS + Math.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS);
}

function isLocked(error: unknown): boolean {
  const code = resultCode(error);
  return code === SQLITE.BUSY || code === SQLITE.LOCKED || code === SQLITE.PROTOCOL;
}

function lockedError(path: string, cause: unknown): QueueError {
  return new QueueError(
    'unavailable',
    `the database ${path} is locked by another process`,
    'try again, or wait longer: --lock-timeout 60s',
    { cause },
  );
}
