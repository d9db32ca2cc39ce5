/** `enqueue -f FILE`: the jobs of a file of any format, read, checked and stored as they come. */
import { setImmediate } from 'node:timers/promises';
import { enqueueStream } from '../enqueue-stream.js';
import { QueueError } from '../errors.js';
import type { JobInput } from '../job/input.js';
import type { NewJob } from '../job/job.js';
import type { Queue } from '../queue.js';
import type { InsertResult } from '../store/store.js';
import { goOnAt, placeOf, readItems } from './input-format.js';
import type { InputFormat, Item } from './input-format.js';
import { asJobInput, lineAndColumn, readJson } from './read-json.js';
import type { InputDefaults } from './read-json.js';
import { StoppedAtLine } from './read-lines.js';

export interface BulkOptions {
  readonly onConflict: 'error' | 'ignore';
  /** Undefined: as the file looks. */
  readonly format?: InputFormat | undefined;
  /** For jobs that do not say otherwise. */
  readonly defaults: InputDefaults;
  /** Ends it after the transaction that is running. */
  readonly signal?: AbortSignal;
  /** Called after each commit, in the order of the lines. */
  readonly onStored: (results: readonly InsertResult[]) => void;
}

/** How far it came. */
export interface BulkEnd {
  readonly stored: number;
  /** How to go on; undefined where all of it was read and stored. */
  readonly goOn: string | undefined;
}

/**
 * Stops at the first bad job and names its line; every job before it is stored by then. Throws `partial` where
 * there are such jobs, else what is wrong.
 */
export async function enqueueLines(
  queue: Queue,
  source: AsyncIterable<Uint8Array>,
  options: BulkOptions,
): Promise<BulkEnd> {
  const { format, batches } = await readItems(source, options.format);
  const waiting = new WaitingItems(batches);
  let stored = 0;
  const stream = enqueueStream(waiting, {
    read: (item) => queue.parse(readItem(item, format, options)),
    store: (jobs: readonly NewJob[]) => queue.store.insertJobs(jobs, options.onConflict),
    blame: blameItem,
    signal: options.signal,
  });
  try {
    for await (const results of stream) {
      for (const result of results) if (result.outcome === 'inserted') stored += 1;
      waiting.drop(results.length);
      options.onStored(results);
      // Files are read ahead: without a pause a signal would wait for some transactions more.
      await setImmediate();
    }
  } catch (error) {
    throw error instanceof QueueError && stored > 0 ? partial(error, stored, waiting.first(), format) : error;
  }
  const next = waiting.first();
  return { stored, goOn: next === undefined ? undefined : goOnAt(next, format) };
}

/** The item as the queue's input. Throws `usage` that says where its text is wrong. */
export function readItem(
  item: Item,
  format: InputFormat,
  options: Pick<BulkOptions, 'defaults' | 'format'>,
): JobInput {
  const { defaults } = options;
  if (format === 'lines') return { ...defaults, command: item.text };
  try {
    const isElement = 'element' in item;
    const place = isElement
      ? (_: string, offset: number) => `its character ${offset + 1}`
      : lineAndColumn(item.number);
    return asJobInput(readJson(item.text, place), defaults);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    const message = 'element' in item ? `${placeOf(item)}: ${error.message}` : error.message;
    const isGuess = options.format === undefined && ('element' in item ? item.element : item.number) === 1;
    const hint = isGuess ? 'a file of commands, one a line, is read with --format lines' : error.hint;
    throw new StoppedAtLine(item.number, error.code, message, hint, { cause: error });
  }
}

/** The error, with the place of the item. */
export function blameItem(error: QueueError, item: Item): QueueError {
  if (error instanceof StoppedAtLine) return error;
  const { code, message, hint } = error;
  return new StoppedAtLine(item.number, code, `${placeOf(item)}: ${message}`, hint, { cause: error });
}

/** Notes what was read and is not stored yet, so that a person can be told where to go on. */
class WaitingItems implements AsyncIterable<readonly Item[]> {
  readonly #source: AsyncIterable<readonly Item[]>;
  #batches: (readonly Item[])[] = [];
  #dropped = 0;

  constructor(source: AsyncIterable<readonly Item[]>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Item[]> {
    for await (const batch of this.#source) {
      if (batch.length > 0) this.#batches.push(batch);
      yield batch;
    }
  }

  drop(count: number): void {
    this.#dropped += count;
    for (
      let first = this.#batches[0];
      first !== undefined && this.#dropped >= first.length;
      first = this.#batches[0]
    ) {
      this.#dropped -= first.length;
      this.#batches.shift();
    }
  }

  first(): Item | undefined {
    return this.#batches[0]?.[this.#dropped];
  }
}

function partial(error: QueueError, stored: number, next: Item | undefined, format: InputFormat): QueueError {
  const before = stored === 1 ? '1 job was' : `${stored} jobs were`;
  const line = error instanceof StoppedAtLine ? error.line : next?.number;
  // A line that cannot be read is no item, and has a number all the same; nothing is left of an array that is broken.
  const at = next ?? (line === undefined || format === 'json' ? undefined : { number: line, text: '' });
  const isItsFault = error instanceof StoppedAtLine;
  const hint =
    at === undefined
      ? 'mend it, and give it again with --on-conflict ignore where its jobs have ids'
      : `${isItsFault ? `mend ${placeOf(at)}, then go on there` : 'later go on there'}: ${goOnAt(at, format)}`;
  return new QueueError('partial', `${error.message}; ${before} enqueued before it`, hint, { cause: error });
}
