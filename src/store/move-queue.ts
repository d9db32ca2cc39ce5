/**
 * A queue in a file moves into a PostgreSQL database. Its straight line: lock the file, copy everything in one transaction of
 * the server, compare, mark the file as moved, let the server commit. Killed before the mark it has not moved; killed
 * between the mark and the end, the server knows, and the next command asks it (sqlite/moved.ts).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { QueueError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { maskedUrl } from '../job/database-url.js';
import type { Arrival, MoveTarget } from './postgres/move-target.js';
import { difference, MOVED_TABLES } from './rows/moved-tables.js';
import type { QueueContents } from './rows/moved-tables.js';
import type { MoveSource } from './sqlite/move-source.js';

type Mark = NonNullable<MoveSource['mark']>;

export interface MoveOptions {
  /** Called as rows have been copied, with how many of how many. */
  readonly onProgress: (done: number, total: number) => void;
  /** What lies in the home beside the database goes under the id of the new one. */
  readonly beforeCommit: (fromId: string, toId: string) => void;
}

/** Where an earlier move brought it. */
export interface EarlierMove {
  readonly place: string;
  readonly atMs: number;
}

export class QueueMove {
  readonly #source: MoveSource;
  readonly #target: MoveTarget;
  readonly #url: string;

  private constructor(source: MoveSource, target: MoveTarget, url: string) {
    this.#source = source;
    this.#target = target;
    this.#url = url;
  }

  /** Changes nothing. Throws `not_found` where there is no queue in the home, and `unavailable`. */
  static async open(home: string, url: string, lockTimeoutMs: number): Promise<QueueMove> {
    const path = join(home, 'queue.db');
    if (!existsSync(path))
      throw new QueueError('not_found', `there is no queue in ${home} to move`, 'its file would be queue.db');
    const [sqlite, postgres] = await Promise.all([
      import('./sqlite/move-source.js'),
      import('./postgres/open.js'),
    ]);
    const source = await sqlite.MoveSource.open(home, path, lockTimeoutMs);
    try {
      return new QueueMove(source, await postgres.openMoveTarget(url, lockTimeoutMs), url);
    } catch (error) {
      source.close();
      throw error;
    }
  }

  get fromId(): string {
    return this.#source.id;
  }

  /** What an earlier move did; one that was broken off is finished or undone first. Null: the queue is here. */
  async earlier(): Promise<EarlierMove | null> {
    const { mark } = this.#source;
    if (mark === null) return null;
    if (mark.url === null || (await this.#settle(mark))) return mark;
    return null;
  }

  /** Throws `conflict` where the target is not empty or, with `atRest`, jobs run; `unavailable`. Changes nothing. */
  async check(atRest: boolean): Promise<QueueContents> {
    await this.#target.requireEmpty();
    if (atRest) this.#source.requireRest();
    return this.#source.contents();
  }

  /** Moves it, and tells what both have now. Throws as `check` does; the queue is where it was then. */
  async move({ onProgress, beforeCommit }: MoveOptions): Promise<QueueContents> {
    const toId = await this.#target.prepare();
    const mark = {
      token: randomUUID(),
      place: maskedUrl(this.#url),
      atMs: Date.now(),
      url: this.#url,
    };
    await this.#source.lock();
    try {
      const contents = this.#source.contents();
      await this.#commit(mark, async (arrival) => {
        await this.#copy(arrival, contents, onProgress);
        beforeCommit(this.#source.id, toId);
        failpoint('move.after_copy');
      });
      failpoint('move.after_done');
      return contents;
    } finally {
      this.#source.unlock();
    }
  }

  async #commit(mark: Mark, work: (arrival: Arrival) => Promise<void>): Promise<void> {
    let isMarked = false;
    let outcome: 'committed' | 'unknown';
    try {
      outcome = await this.#target.receive(this.#source.id, async (arrival) => {
        await work(arrival);
        this.#source.markMoved(mark);
        isMarked = true;
        failpoint('move.after_mark');
      });
    } catch (error) {
      // Should the server not answer now, the next command asks it.
      if (isMarked) await this.#settle(mark).catch(() => undefined);
      throw error;
    }
    failpoint('move.after_commit');
    if (outcome === 'committed') await this.#source.finish(mark);
    else if (!(await this.#settle(mark))) throw brokenOff();
  }

  async #copy(
    arrival: Arrival,
    contents: QueueContents,
    onProgress: MoveOptions['onProgress'],
  ): Promise<void> {
    const total = Object.values(contents.rows).reduce((sum, n) => sum + n, 0);
    let done = 0;
    for (const table of MOVED_TABLES)
      for (const rows of this.#source.pages(table)) {
        await arrival.insert(table, rows);
        done += rows.length;
        onProgress(done, total);
      }
    await arrival.complete(this.#source.countedLanes(), this.#source.lastNumbers());
    const wrong = difference(contents, await arrival.contents());
    if (wrong !== undefined) throw new QueueError('internal', `the copy is not the same: ${wrong}`);
  }

  /** True: it has moved. */
  async #settle(mark: Mark): Promise<boolean> {
    const isThere = await this.#hasArrived(mark.url ?? this.#url);
    await (isThere ? this.#source.finish(mark) : this.#source.undo(mark));
    return isThere;
  }

  async #hasArrived(url: string): Promise<boolean> {
    const postgres = await import('./postgres/open.js');
    return postgres.hasArrived(url, this.#source.id);
  }

  async close(): Promise<void> {
    this.#source.close();
    await this.#target.close();
  }
}

function brokenOff(): QueueError {
  return new QueueError(
    'unavailable',
    'the connection broke off before the database had the queue; it is where it was',
    'try again',
  );
}
