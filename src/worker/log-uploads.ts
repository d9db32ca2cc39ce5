/** Sends what runs print to a store that several machines share, beside the loop: the file is where it waits. */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueError } from '../errors.js';
import type { LogPart } from '../log-part.js';
import { emit } from '../log.js';
import { removeFile } from '../output/collect.js';
import { logFile } from '../output/log-file.js';
import { LogParts } from '../output/log-parts.js';
import type { LogOf, LogStore, NewLogPart } from '../store/logs.js';
import type { Store } from '../store/store.js';
import { SECOND } from '../time.js';
import { keyOf } from './run-key.js';
import { WakeUp } from './wake-up.js';

/** Whoever follows a run elsewhere sees what it prints after so long, and a look of its own. */
const EVERY_MS = 250;
/** What is sent at once, and all that stands in memory for it. */
const BATCH_BYTES = 1024 * 1024;
/**
 * Of a run that has outgrown its cap, while it goes on: what it prints is dropped again, so that a database which takes all
 * of it would write for nothing. What the cap leaves is sent at its end.
 */
const BEHIND_GAP_BYTES_PER_MS = (256 * 1024) / SECOND;
/** How long a worker that ends waits for the last parts; what is left then, the next one of its home sends. */
export const SEND_WITHIN_MS = 10 * SECOND;
/** However long a send took: a database that was away is not overloaded once it is back. */
const LONGEST_REST_MS = SECOND;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** Where a launcher sets no other end to what is kept of a run. */
const MOST_PLAIN_BYTES = 64 * BATCH_BYTES;

/** Null where the files of this machine are all that readers need. */
export function openUploads(
  { logs, logsDir }: Store,
  maxOutputBytes: () => number | undefined,
): LogUploads | null {
  return logs === null ? null : new LogUploads(logs, logsDir, () => maxOutputBytes() ?? MOST_PLAIN_BYTES);
}

interface Upload extends LogOf {
  readonly file: string;
  parts: LogParts | null;
  /** Of its file when there was nothing new in it. */
  seenBytes: number;
  wasSent: boolean;
  /** `file`: it stays the only copy until all of it was sent. `inline`: it is stored with its run, and goes. */
  ended: 'file' | 'inline' | null;
  /** Not sooner is what lies behind its gap sent. */
  notBefore: number;
}

export class LogUploads {
  readonly #logs: LogStore;
  readonly #logsDir: string;
  /** The most of a plain text, to which the launcher sets no end. */
  readonly #mostPlainBytes: () => number;
  readonly #uploads = new Map<string, Upload>();
  readonly #wakeUp = new WakeUp();
  #work: Promise<void> | null = null;
  #isHurried = false;
  #isOver = false;

  constructor(logs: LogStore, logsDir: string, mostPlainBytes: () => number) {
    this.#logs = logs;
    this.#logsDir = logsDir;
    this.#mostPlainBytes = mostPlainBytes;
  }

  /** Its process was started; from now on its log is sent as it grows. */
  begin({ seq, run }: LogOf): void {
    const file = logFile(this.#logsDir, seq, run);
    const fresh = { parts: null, seenBytes: 0, wasSent: false, ended: null, notBefore: 0 };
    this.#uploads.set(keyOf({ seq, run }), { seq, run, file, ...fresh });
    this.#work ??= this.#workOn();
  }

  /**
   * Its end is stored. `isInline`: with all that it printed; else its file, where there is one, is removed once the store has
   * all of it.
   */
  end(log: LogOf, isInline: boolean): void {
    const upload = this.#uploads.get(keyOf(log));
    if (upload === undefined) return;
    upload.ended = isInline ? 'inline' : 'file';
    // Nearly every run: too short for anything of it to be sent.
    if (isInline && upload.parts === null && !upload.wasSent) this.#uploads.delete(keyOf(log));
    else this.#wakeUp.wake();
  }

  /** A log that nobody else sends any more. */
  adopt(log: LogOf): void {
    if (this.#uploads.has(keyOf(log))) return;
    this.begin(log);
    this.end(log, false);
  }

  /** Resolves when all was sent, or it takes too long; then the files stay for the next worker of this home. */
  async finish(withinMs: number): Promise<void> {
    if (this.#isOver) return;
    this.#isHurried = true;
    this.#wakeUp.wake();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([this.#work, tooLong]);
    clearTimeout(timer);
    this.#isOver = true;
    this.#wakeUp.wake();
    const left = [...this.#uploads.values()].filter(({ ended }) => ended === 'file').length;
    if (left > 0) emit({ event: 'worker.left_logs', logs: left });
  }

  async #workOn(): Promise<void> {
    while (this.#uploads.size > 0 && !this.#isOver) {
      if (!this.#isHurried) await this.#wakeUp.sleep(EVERY_MS);
      await this.#sendAll();
      if (this.#isHurried && ![...this.#uploads.values()].some(({ ended }) => ended !== null)) break;
    }
    if (this.#isHurried) for (const upload of this.#uploads.values()) await close(upload);
    this.#work = null;
  }

  /** All that there is now; what a worker owes to its jobs comes first, so no more than half of the time. */
  async #sendAll(): Promise<void> {
    await this.#forgetInline();
    for (let isMore = true; isMore && !this.#isOver;) {
      const began = performance.now();
      isMore = await this.#sendBatch();
      if (isMore && !this.#isHurried) await sleep(Math.min(performance.now() - began, LONGEST_REST_MS));
    }
  }

  async #forgetInline(): Promise<void> {
    const inline = [...this.#uploads.values()].filter(({ ended }) => ended === 'inline');
    const sent = inline.filter(({ wasSent }) => wasSent);
    if (sent.length > 0) await this.#persist(() => this.#logs.forgetLogs(sent));
    for (const upload of inline) await this.#drop(upload);
  }

  /** False: there was no more to send. */
  async #sendBatch(): Promise<boolean> {
    const batch: NewLogPart[] = [];
    const over: Upload[] = [];
    let bytes = 0;
    for (const upload of this.#uploads.values()) {
      if (bytes >= BATCH_BYTES) break;
      if (upload.ended === 'inline') continue;
      const wasComplete = upload.ended === 'file';
      // Each gets its share, so that one that prints very much holds up no other.
      const most = Math.max(BATCH_BYTES / this.#uploads.size, 1);
      let furthest = -1;
      for (let taken = 0; taken < most;) {
        const part = await this.#next(upload);
        if (part === null) break;
        // It takes the place of one that goes along: the store replaces only what it has.
        if (part.at <= furthest && !(await this.#put(batch.splice(0)))) return false;
        furthest = part.at;
        batch.push({ seq: upload.seq, run: upload.run, ...part });
        taken += Math.max(1, part.bytes.length);
        bytes += part.bytes.length;
        upload.wasSent = true;
      }
      const isKnown = this.#uploads.get(keyOf(upload)) === upload;
      if (isKnown && wasComplete && (upload.parts === null || upload.parts.isOver)) over.push(upload);
    }
    const isMore = batch.length > 0;
    if (isMore && !(await this.#put(batch))) return false;
    for (const upload of over) {
      if (upload.parts?.isShortened !== true) removeFile(upload.file);
      await this.#drop(upload);
    }
    return isMore;
  }

  /**
   * Of a job that is gone nothing is stored, and nothing is to be kept. False: the worker ended before, or the store will never
   * take them; then the files stay for the next worker of this home, so that these hold up no others.
   */
  async #put(parts: readonly NewLogPart[]): Promise<boolean> {
    if ((await this.#persist(() => this.#logs.putParts(parts))) !== undefined) return true;
    const refused = new Set(parts.map(keyOf));
    for (const key of refused) {
      const upload = this.#uploads.get(key);
      if (upload !== undefined) await this.#drop(upload);
    }
    return false;
  }

  /** Null: there is nothing new, or it cannot be read, and stays where it is. */
  async #next(upload: Upload): Promise<LogPart | null> {
    try {
      return await this.#read(upload);
    } catch {
      await this.#drop(upload);
      return null;
    }
  }

  async #read(upload: Upload): Promise<LogPart | null> {
    const isComplete = upload.ended === 'file';
    const size = isComplete ? 0 : (statSync(upload.file, { throwIfNoEntry: false })?.size ?? 0);
    if (!isComplete) {
      const isPaced = upload.parts?.isBehindGap === true && performance.now() < upload.notBefore;
      if (size === upload.seenBytes || isPaced) return null;
    }
    upload.parts ??= await LogParts.open(upload.file, this.#mostPlainBytes());
    const part = (await upload.parts?.next(isComplete)) ?? null;
    if (part === null) upload.seenBytes = size;
    else if (upload.parts?.isBehindGap === true)
      upload.notBefore = performance.now() + part.bytes.length / BEHIND_GAP_BYTES_PER_MS;
    // Stored with its run meanwhile, and perhaps forgotten here already.
    if (!isInline(upload)) return part;
    await close(upload);
    return null;
  }

  /**
   * Again and again while the store is in trouble, which the loop reports. Undefined: the worker ended before it was done, or
   * it failed as no second try mends.
   */
  async #persist<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let waitMs = FIRST_RETRY_MS; !this.#isOver; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof QueueError)) {
          emit({
            event: 'worker.refused_logs',
            cause: error instanceof Error ? error.message : String(error),
          });
          return undefined;
        }
        await sleep(waitMs);
      }
    }
    return undefined;
  }

  async #drop(upload: Upload): Promise<void> {
    this.#uploads.delete(keyOf(upload));
    await close(upload);
  }
}

function isInline({ ended }: Upload): boolean {
  return ended === 'inline';
}

async function close(upload: Upload): Promise<void> {
  const { parts } = upload;
  upload.parts = null;
  await parts?.close();
}
