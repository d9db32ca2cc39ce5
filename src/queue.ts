/** The queue as a program sees it: check the input, then one call of the store. */
import { enqueueStream, oneByOne } from './enqueue-stream.js';
import { QueueError, usageError } from './errors.js';
import { parseCancel } from './job/cancel-options.js';
import type { CancelOptions } from './job/cancel-options.js';
import { cursorOf, parseCursor } from './job/cursor.js';
import type { JobCursor } from './job/cursor.js';
import type { Counts, Job, NewJob, Run } from './job/job.js';
import { readValue } from './job/option-kinds.js';
import { JOB_DEFAULTS } from './job/options.js';
import type { AnyHandlers, HandlerTypes, JobInput } from './job/input.js';
import type { JobDefaults } from './job/options.js';
import { parseJobInput } from './job/parse-job.js';
import { statesBefore } from './job/state.js';
import type { State } from './job/state.js';
import { logFile } from './output/log-file.js';
import { readInline, readOutput } from './output/read.js';
import type { FollowedRecord, OutputRecord } from './output/records.js';
import type { OutputSelection } from './output/selection.js';
import { followJobOutput } from './follow-job.js';
import type { HowToStop, InsertResult, Pauses, QueueState, Session, Store } from './store/store.js';

export interface EnqueueOptions {
  /** What a stored id does: `conflict` (the default), or nothing. */
  readonly onConflict?: 'error' | 'ignore';
}

export interface ListOptions {
  /** In this order; all by default. */
  readonly states?: readonly State[] | undefined;
  readonly queue?: string | undefined;
  readonly limit?: number;
  /** What follows this job, the last one of the page before; or the place where it stood, from `cursorOf`. */
  readonly after?: Job | string | undefined;
}

/** Large enough that few reads are needed, small enough to be read in a few milliseconds. */
const PAGE = 500;

/** `H` says which handlers its programs have; it changes nothing but what the compiler checks. */
export class Queue<H extends HandlerTypes<H> = AnyHandlers> {
  /** Everything below is one call of it; workers share it. */
  readonly store: Store;
  readonly #defaults: JobDefaults;

  constructor(store: Store, defaults: JobDefaults = JOB_DEFAULTS) {
    this.store = store;
    this.#defaults = defaults;
  }

  /** The checked job, with the queue's defaults; stores nothing. Throws `usage`. */
  parse(input: JobInput<H>): NewJob {
    return parseJobInput(input, this.#defaults);
  }

  /** Resolves once the job is on the disk. Throws `usage` for bad input, `conflict` for an id that is stored. */
  async enqueue(input: JobInput<H>, options: EnqueueOptions = {}): Promise<InsertResult> {
    const [result] = await this.enqueueMany([input], options);
    if (result === undefined) throw new QueueError('internal', 'the store gave no result');
    return result;
  }

  /** All or none, in one transaction that holds the write lock for all of them: for many, see `enqueueStream`. */
  async enqueueMany(inputs: readonly JobInput<H>[], options: EnqueueOptions = {}): Promise<InsertResult[]> {
    const jobs = inputs.map((input) => this.parse(input));
    return this.store.insertJobs(jobs, options.onConflict ?? 'error');
  }

  /**
   * Stores any number of jobs from an iterable, a thousand a transaction, and yields the results of each transaction
   * once it is on the disk. The next inputs are taken when the caller asks for the next results, so that memory stays
   * flat; a caller that stops asking stops it. Throws at the first bad input, as `enqueue` does, with its number from 1;
   * the jobs before it are stored by then, and were yielded. To be repeated after that: inputs with ids, and `ignore`.
   */
  enqueueStream(
    inputs: Iterable<JobInput<H>> | AsyncIterable<JobInput<H>>,
    { onConflict = 'error' }: EnqueueOptions = {},
  ): AsyncGenerator<InsertResult[], void, undefined> {
    return enqueueStream(oneByOne(inputs), {
      read: (input) => this.parse(input),
      store: (jobs) => this.store.insertJobs(jobs, onConflict),
      blame: ({ code, message, hint }, _, index) =>
        new QueueError(code, `input ${index + 1}: ${message}`, hint),
    });
  }

  /** Throws `not_found`. */
  async get(id: string): Promise<Job> {
    const job = await this.store.getJob(id);
    if (job === null) throw noSuchJob(id);
    return job;
  }

  /** At most 100, where no limit is given. Throws `usage` for a place that is not in such a list. */
  async list({ after, ...filter }: ListOptions = {}): Promise<Job[]> {
    return this.store.listJobs({ limit: 100, ...filter, after: placeIn(filter.states, after) });
  }

  /**
   * All such jobs, page by page, in flat memory. A job that stays in its state comes exactly once, whatever happens
   * to others meanwhile; one that moves on may come twice or not at all.
   */
  async *listAll(filter: Omit<ListOptions, 'limit'> = {}): AsyncGenerator<Job, void, undefined> {
    let { after } = filter;
    for (;;) {
      const page = await this.list({ ...filter, limit: PAGE, after });
      yield* page;
      after = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  async counts(): Promise<Counts> {
    return this.store.counts();
  }

  /** The job's runs that have ended, oldest first. */
  async runs(job: Job): Promise<Run[]> {
    return this.store.listRuns(job.seq);
  }

  /** The latest ended run of each job that has one, by sequence number. */
  async latestRuns(jobs: readonly Job[]): Promise<Map<number, Run>> {
    return this.store.latestRuns(jobs.map((job) => job.seq));
  }

  /**
   * What the handler returned in the run that completed the job, as JSON keeps it; null for nothing, and for a command.
   * Throws `not_found`, and `conflict` for a job that is not completed.
   */
  async result<K extends keyof H>(id: string): Promise<H[K]['result']> {
    const job = await this.get(id);
    if (job.state !== 'completed')
      throw new QueueError('conflict', `job ${id} is ${job.state}, not completed`, `queuectl show ${id}`);
    return (await this.latestRuns([job])).get(job.seq)?.result ?? null;
  }

  /** Lets a finished job run again with all its attempts, or a failed one at once. Throws `not_found`, `conflict`. */
  async retry(id: string): Promise<Job> {
    return this.#retry(id, statesBefore('retry'));
  }

  /** The same for a dead job only. */
  async retryDead(id: string): Promise<Job> {
    return this.#retry(id, ['dead']);
  }

  /**
   * Cancels a job that waits, at once, or asks for the end of one that runs: TERM, then KILL after its grace. Resolves
   * once that is on the disk, with the job as it then is, and does not wait for the end. A second call can only hasten
   * it. Throws `usage`, `not_found`, and `conflict` for a job that is over.
   */
  async cancel(id: string, options: CancelOptions = {}): Promise<Job> {
    const job = await this.store.cancelJob(id, parseCancel(options));
    if (job === null) throw noSuchJob(id);
    return job;
  }

  async #retry(id: string, from: readonly State[]): Promise<Job> {
    const job = await this.store.retryJob(id, from);
    if (job === null) throw noSuchJob(id);
    return job;
  }

  /**
   * What a run printed, or a part of it, in the order in which it was read; of a running one, what is there so far. However
   * long it is, memory stays flat. Throws `failed` where it is plain text, of the launcher without records, and the selection
   * asks for a stream or a time.
   */
  async *output(
    job: Job,
    run: number,
    selection: OutputSelection = {},
  ): AsyncGenerator<OutputRecord, void, undefined> {
    const ended = (await this.store.listRuns(job.seq)).find((candidate) => candidate.run === run);
    const inline = ended?.output ?? null;
    if (inline !== null) yield* readInline(inline, selection);
    else yield* readOutput(logFile(this.store.logsDir, job.seq, run), selection);
  }

  /** What the job prints, as it prints it, run after run until it is over or the signal aborts. Throws as `output` does. */
  follow(
    job: Job,
    signal: AbortSignal,
    selection: OutputSelection = {},
  ): AsyncGenerator<FollowedRecord, void, undefined> {
    return followJobOutput(this.store, job, signal, selection);
  }

  /** Every queue that has or had a job or is paused. */
  async queues(): Promise<QueueState[]> {
    return this.store.listQueues();
  }

  async pauses(): Promise<Pauses> {
    return this.store.pauses();
  }

  /**
   * Once it resolves, no job of these queues is claimed; without a name, of no queue, also of those that come later.
   * What runs goes on. Throws `usage`.
   */
  async pause(...names: readonly string[]): Promise<void> {
    await this.store.pauseQueues(queueNames(names));
  }

  /** Lets these queues go on, without a name all. Throws `usage`, and `conflict` for one queue while all are paused. */
  async resume(...names: readonly string[]): Promise<void> {
    await this.store.resumeQueues(queueNames(names));
  }

  async workers(): Promise<Session[]> {
    return this.store.listSessions('worker');
  }

  /** Asks all workers to finish their jobs and exit, or to end and give back what runs; how many were asked. */
  async stopWorkers(how: HowToStop = 'gracefully'): Promise<number> {
    return this.store.requestStop(how);
  }

  async close(): Promise<void> {
    await this.store.close();
  }
}

function placeIn(
  states: readonly State[] | undefined,
  after: Job | string | undefined,
): JobCursor | undefined {
  if (after === undefined) return undefined;
  const cursor = parseCursor(typeof after === 'string' ? after : cursorOf(after));
  if (states === undefined || states.includes(cursor.state)) return cursor;
  throw usageError(
    `a list of ${states.join(', ')} jobs has no place among ${cursor.state} ones`,
    'ask for the next page with the same states as for the page before',
  );
}

function queueNames(names: readonly string[]): readonly string[] | null {
  for (const name of names) readValue({ kind: 'name' }, name, 'a queue');
  return names.length === 0 ? null : names;
}

function noSuchJob(id: string): QueueError {
  return new QueueError(
    'not_found',
    `no job ${JSON.stringify(id)}`,
    'queuectl list --state all shows what there is',
  );
}
