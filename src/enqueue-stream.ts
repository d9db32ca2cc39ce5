/** Many inputs become stored jobs, a thousand at a time, and no more of them are in memory than that. */
import { QueueError } from './errors.js';
import type { NewJob } from './job/job.js';
import type { InsertResult } from './store/store.js';

/** One transaction: larger ones are hardly faster (docs/performance.md) and hold the lock longer. */
const MOST_JOBS = 1000;
/** Of commands and standard inputs in one transaction: a job may bring a megabyte. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** What a stream of T needs to know. */
export interface StreamSteps<T> {
  /** Throws `usage` for what is no job. */
  readonly read: (input: T) => NewJob;
  /** All or none, in one transaction. */
  readonly store: (jobs: readonly NewJob[]) => Promise<InsertResult[]>;
  /** The error of this input, the how-manieth it was, from 0. */
  readonly blame: (error: QueueError, input: T, index: number) => QueueError;
  /** Once it is aborted, nothing more is stored. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the results of each transaction, in the order of the inputs. The next inputs are taken only once the results
 * were. Stops at the first bad input, or where the source throws: every job before it has been stored and yielded then.
 */
export async function* enqueueStream<T>(
  source: AsyncIterable<readonly T[]>,
  steps: StreamSteps<T>,
): AsyncGenerator<InsertResult[], void, undefined> {
  const batch = new Batch(steps);
  const isAborted = (): boolean => steps.signal?.aborted === true;
  try {
    for await (const inputs of source) {
      for (const input of inputs) {
        batch.add(input);
        if (!batch.isFull()) continue;
        yield* batch.store();
        if (isAborted()) return;
      }
    }
  } catch (error) {
    // What is wrong comes after jobs that are still to be stored, unless one of those is bad: then that is the error.
    if (!isAborted()) yield* batch.store();
    throw error;
  }
  if (!isAborted()) yield* batch.store();
}

interface Entry<T> {
  readonly input: T;
  readonly index: number;
  readonly job: NewJob;
}

class Batch<T> {
  readonly #steps: StreamSteps<T>;
  #entries: Entry<T>[] = [];
  #characters = 0;
  #count = 0;

  constructor(steps: StreamSteps<T>) {
    this.#steps = steps;
  }

  add(input: T): void {
    const index = this.#count;
    const job = this.#read(input, index);
    this.#entries.push({ input, index, job });
    this.#characters += weightOf(job);
    this.#count += 1;
  }

  isFull(): boolean {
    return this.#entries.length >= MOST_JOBS || this.#characters >= MOST_CHARACTERS;
  }

  async *store(): AsyncGenerator<InsertResult[], void, undefined> {
    const entries = this.#entries;
    this.#entries = [];
    this.#characters = 0;
    yield* this.#storeParts(entries);
  }

  /** Entries with a bad one among them are halved until that one is found: the store takes all of them or nothing. */
  async *#storeParts(entries: readonly Entry<T>[]): AsyncGenerator<InsertResult[], void, undefined> {
    const [first] = entries;
    if (first === undefined) return;
    let results: InsertResult[];
    try {
      results = await this.#steps.store(entries.map((entry) => entry.job));
    } catch (error) {
      if (!(error instanceof QueueError) || error.code !== 'conflict') throw error;
      if (entries.length === 1) throw this.#steps.blame(error, first.input, first.index);
      const middle = entries.length >> 1;
      yield* this.#storeParts(entries.slice(0, middle));
      yield* this.#storeParts(entries.slice(middle));
      return;
    }
    yield results;
  }

  #read(input: T, index: number): NewJob {
    try {
      return this.#steps.read(input);
    } catch (error) {
      throw error instanceof QueueError ? this.#steps.blame(error, input, index) : error;
    }
  }
}

/** In characters, roughly. */
function weightOf({ command, payload, stdin }: NewJob): number {
  const work = command === null ? JSON.stringify(payload).length : command.length;
  return work + (stdin?.length ?? 0);
}

/** Single inputs, as batches of one: for sources that have no more at a time. */
export async function* oneByOne<T>(source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const input of source) yield [input];
}
