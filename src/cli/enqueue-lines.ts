/** `enqueue -f FILE`: a job on each line, stored a thousand at a time. */
import { QueueError } from '../errors.js';
import type { JobInput } from '../job/input.js';
import type { Queue } from '../queue.js';
import type { InsertResult } from '../store/store.js';
import { asJobInput, readJson } from './read-json.js';
import { readLines, StoppedAtLine } from './read-lines.js';
import type { Line } from './read-lines.js';

/** One transaction: larger ones are hardly faster and hold the lock longer. */
const BATCH = 1000;

export interface BulkOptions {
  readonly onConflict: 'error' | 'ignore';
  /** For jobs that name no directory. */
  readonly cwd: string;
  /** Called after each commit, in the order of the lines. */
  readonly onStored: (results: readonly InsertResult[]) => void;
}

interface Input {
  readonly line: number;
  readonly job: JobInput;
}

/**
 * Stops at the first bad line and names it; every job before it is stored by then. Throws `partial` where
 * there are such jobs, else what is wrong.
 */
export async function enqueueLines(
  queue: Queue,
  source: AsyncIterable<Uint8Array>,
  options: BulkOptions,
): Promise<void> {
  let stored = 0;
  const onStored = (results: readonly InsertResult[]): void => {
    stored += results.filter((result) => result.outcome === 'inserted').length;
    options.onStored(results);
  };
  try {
    await storeAll(queue, source, { ...options, onStored });
  } catch (error) {
    throw error instanceof StoppedAtLine && stored > 0 ? partial(error, stored) : error;
  }
}

async function storeAll(
  queue: Queue,
  source: AsyncIterable<Uint8Array>,
  options: BulkOptions,
): Promise<void> {
  let batch: Input[] = [];
  try {
    for await (const lines of readLines(source)) {
      for (const line of lines) {
        batch.push({ line: line.number, job: readJob(line, options.cwd) });
        if (batch.length < BATCH) continue;
        const full = batch;
        batch = [];
        await storeBatch(queue, full, options);
      }
    }
  } finally {
    // After a bad line, too: the jobs before it are stored, unless an earlier one is bad, which then is the error.
    await storeBatch(queue, batch, options);
  }
}

/** A batch with a bad job in it is halved until that one is found: the store takes all of a batch or nothing. */
async function storeBatch(queue: Queue, batch: readonly Input[], options: BulkOptions): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  const { onConflict, onStored } = options;
  let results: InsertResult[];
  try {
    results = await queue.enqueueMany(
      batch.map((input) => input.job),
      { onConflict },
    );
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    const isBadJob = error.code === 'usage' || error.code === 'conflict';
    if (!isBadJob || batch.length === 1) throw stoppedAt(first.line, error, isBadJob);
    const middle = batch.length >> 1;
    await storeBatch(queue, batch.slice(0, middle), options);
    await storeBatch(queue, batch.slice(middle), options);
    return;
  }
  onStored(results);
}

function readJob({ number, text }: Line, cwd: string): JobInput {
  try {
    return asJobInput(readJson(text, number), cwd);
  } catch (error) {
    throw error instanceof QueueError ? stoppedAt(number, error, false) : error;
  }
}

function stoppedAt(line: number, error: QueueError, namesLine: boolean): StoppedAtLine {
  const message = namesLine ? `line ${line}: ${error.message}` : error.message;
  return new StoppedAtLine(line, error.code, message, error.hint, { cause: error });
}

function partial(error: StoppedAtLine, stored: number): QueueError {
  const before = stored === 1 ? '1 job was' : `${stored} jobs were`;
  return new QueueError(
    'partial',
    `${error.message}; ${before} enqueued before it`,
    `mend line ${error.line}, then go on there: tail -n +${error.line} FILE | queuectl enqueue -`,
    { cause: error },
  );
}
