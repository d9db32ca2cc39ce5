/** `enqueue --dry-run`: every check of an enqueue but whether an id is stored; nothing is stored, nor made. */
import { loadSettings } from '../config.js';
import { QueueError, usageError } from '../errors.js';
import { workText } from '../job/command.js';
import type { NewJob } from '../job/job.js';
import type { JobInput } from '../job/input.js';
import { parseJobInput } from '../job/parse-job.js';
import { toNewJobJson } from '../job/to-json.js';
import type { Context } from './command.js';
import { blameItem, readItem } from './enqueue-lines.js';
import type { FileOptions } from './enqueue-file.js';
import { readInput } from './input-file.js';
import { readItems } from './input-format.js';

/** How many bad lines are named. */
const MOST_NAMED = 10;

export function dryRunJob({ output, home, env }: Context, input: JobInput): void {
  const job = parseJobInput(input, loadSettings(home, env));
  if (output.json) output.object(toNewJobJson(job));
  else output.say(`1 job would be enqueued: ${workText(job)}`);
}

/** Goes on after bad lines, so that one run names them all. Throws `usage` where there are any. */
export async function dryRunFile(context: Context, file: string, options: FileOptions): Promise<void> {
  const { output, home, env } = context;
  const settings = loadSettings(home, env);
  const { format, batches } = await readItems(readInput(file), options.format);
  const check = new Check(context, options.onConflict);
  try {
    for await (const items of batches) {
      const jobs: NewJob[] = [];
      for (const item of items) {
        try {
          const job = parseJobInput(readItem(item, format, options), settings);
          if (check.isNew(job)) jobs.push(job);
        } catch (error) {
          if (!(error instanceof QueueError)) throw error;
          check.fail(blameItem(error, item));
        }
      }
      if (output.json) output.streamedAll(jobs.map(toNewJobJson));
    }
  } catch (error) {
    // Nothing can be read behind it.
    if (!(error instanceof QueueError) || check.bad === 0) throw error;
    check.fail(error);
  }
  check.end();
}

class Check {
  readonly #context: Context;
  readonly #onConflict: 'error' | 'ignore';
  readonly #ids = new Set<string>();
  #good = 0;
  bad = 0;
  #first: QueueError | null = null;

  constructor(context: Context, onConflict: 'error' | 'ignore') {
    this.#context = context;
    this.#onConflict = onConflict;
  }

  /** False for an id that comes again and is to be passed over. Throws `conflict` where it is not to be. */
  isNew({ id }: NewJob): boolean {
    if (id !== null && this.#ids.has(id)) {
      if (this.#onConflict === 'ignore') return false;
      throw new QueueError('conflict', `job ${JSON.stringify(id)} stands in the file already`);
    }
    if (id !== null) this.#ids.add(id);
    this.#good += 1;
    return true;
  }

  fail(error: QueueError): void {
    this.bad += 1;
    this.#first ??= error;
    if (this.bad <= MOST_NAMED) this.#context.output.note(error.message);
    else if (this.bad === MOST_NAMED + 1) this.#context.output.note('…');
  }

  end(): void {
    const good = this.#good === 1 ? '1 job' : `${this.#good} jobs`;
    if (this.#first === null) {
      if (this.#good === 0) this.#context.output.note('there is no job to enqueue');
      else this.#context.output.say(`${good} would be enqueued.`);
      return;
    }
    if (this.bad === 1)
      throw usageError(`${this.#first.message}; ${good} would be enqueued`, this.#first.hint);
    throw usageError(`${this.bad} jobs are bad, the first: ${this.#first.message}`, this.#first.hint);
  }
}
