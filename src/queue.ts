/** The queue as a program sees it: check the input, then one call of the store. */
import {
  changeByIds,
  changeOne,
  changeSelected,
  noSuchJob,
  parseAct,
  selectionOfChange,
} from './change-jobs.js';
import type { Act } from './change-jobs.js';
import { enqueueStream, oneByOne } from './enqueue-stream.js';
import { QueueError } from './errors.js';
import type { CancelOptions } from './job/cancel-options.js';
import { EVERY_JOB } from './job/filter/filter.js';
import type { Explanation } from './job/explain.js';
import type { Filter } from './job/filter/filter.js';
import type { Counts, Job, NewJob, Run } from './job/job.js';
import { readValue } from './job/option-kinds.js';
import { JOB_DEFAULTS } from './job/options.js';
import type { AnyHandlers, HandlerTypes, JobInput } from './job/input.js';
import type { JobDefaults } from './job/options.js';
import { parseJobInput } from './job/parse-job.js';
import { STATES } from './job/state.js';
import type { FollowedRecord, OutputRecord } from './output/records.js';
import type { OutputSelection } from './output/selection.js';
import { explainJob } from './explain-job.js';
import { followJobOutput } from './follow-job.js';
import { readRunOutput } from './run-output.js';
import { waitForJobs } from './wait-jobs.js';
import type { WaitOptions, WaitResult } from './wait-jobs.js';
import { inQueue, toFilter, toListRequest } from './list-options.js';
import type { ListOptions } from './list-options.js';
import type { ChangedJob } from './job/change.js';
import type { GroupBy, JobGroup } from './job/selection.js';
import type { TransactionClient } from './store/client.js';
import type { HowToStop, InsertResult, Pauses, QueueState, Session, Store } from './store/store.js';

export interface EnqueueOptions {
  /** What a stored id does: `conflict` (the default), or nothing. */
  readonly onConflict?: 'error' | 'ignore';
  /**
   * A connection to the queue's PostgreSQL database, inside of a transaction: the jobs exist if and only if it commits, and
   * its commit wakes the workers. Throws `usage` where the queue is elsewhere, or no transaction was begun.
   */
  readonly client?: TransactionClient | undefined;
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

  /** Resolves once the job is on the disk, or part of the client's transaction. Throws `usage` for bad input, `conflict` for an id that is stored. */
  async enqueue(input: JobInput<H>, options: EnqueueOptions = {}): Promise<InsertResult> {
    const [result] = await this.enqueueMany([input], options);
    if (result === undefined) throw new QueueError('internal', 'the store gave no result');
    return result;
  }

  /** All or none, in one transaction that holds the write lock for all of them: for many, see `enqueueStream`. */
  async enqueueMany(inputs: readonly JobInput<H>[], options: EnqueueOptions = {}): Promise<InsertResult[]> {
    const jobs = inputs.map((input) => this.parse(input));
    return this.store.insertJobs(jobs, options.onConflict ?? 'error', options.client);
  }

  /**
   * Stores any number of jobs from an iterable, a thousand a transaction, and yields the results of each transaction
   * once it is on the disk. The next inputs are taken when the caller asks for the next results, so that memory stays
   * flat; a caller that stops asking stops it. Throws at the first bad input, as `enqueue` does, with its number from 1;
   * the jobs before it are stored by then, and were yielded. To be repeated after that: inputs with ids, and `ignore`.
   */
  enqueueStream(
    inputs: Iterable<JobInput<H>> | AsyncIterable<JobInput<H>>,
    { onConflict = 'error', client }: EnqueueOptions = {},
  ): AsyncGenerator<InsertResult[], void, undefined> {
    return enqueueStream(oneByOne(inputs), {
      read: (input) => this.parse(input),
      store: (jobs) => this.store.insertJobs(jobs, onConflict, client),
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
  async list(options: ListOptions = {}): Promise<Job[]> {
    return this.store.listJobs(toListRequest(options));
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

  /**
   * Does it to one job. Resolves once that is on the disk, with the job as it then is, or as it was before it was removed.
   * Throws `usage`, `not_found`, and `conflict` where its state does not allow it.
   */
  async change(id: string, act: Act): Promise<Job> {
    return changeOne(this.store, id, parseAct(act));
  }

  /** Does it to several, in one transaction: each by itself is changed, missing or refused. */
  async changeMany(ids: readonly string[], act: Act): Promise<readonly ChangedJob[]> {
    return changeByIds(this.store, ids, parseAct(act));
  }

  /**
   * Does it to all jobs that the filter means and whose state allows it, in small transactions, and yields what became of
   * the jobs of each. Throws `usage`.
   */
  changeAll(filter: string | Filter, act: Act): AsyncGenerator<readonly ChangedJob[], void, undefined> {
    const change = parseAct(act);
    return changeSelected(this.store, selectionOfChange(toFilter(filter), change), change);
  }

  /**
   * Resolves once the jobs that the filter means now are over, as many of them as the options ask for; jobs that come later
   * are not waited for. Throws `usage`, and `not_found` for an id that is not stored or a filter that means no job.
   */
  async wait(filter: string | Filter, options: WaitOptions = {}): Promise<WaitResult> {
    return waitForJobs(this.store, toFilter(filter), options);
  }

  /** The one reason why the job does not run, and what would start it. Throws `not_found`. */
  async explain(id: string): Promise<Explanation> {
    return explainJob(this.store, id);
  }

  /** How many jobs the filter means; with an act, how many of them it can be done to. Throws `usage`. */
  async count(filter: string | Filter, act?: Act): Promise<number> {
    const tree = toFilter(filter);
    return this.store.countJobs(
      act === undefined ? { filter: tree, states: STATES } : selectionOfChange(tree, parseAct(act)),
    );
  }

  /** Such jobs by what they have in common, the largest groups first, at most 100. Throws `usage`. */
  async groups(
    { filter = EVERY_JOB, queue, states = STATES, limit = 100 }: Omit<ListOptions, 'sort' | 'after'>,
    by: GroupBy,
  ): Promise<JobGroup[]> {
    const tree: Filter = { kind: 'every', of: [toFilter(filter), ...inQueue(queue)] };
    return this.store.groupJobs({ filter: tree, states }, by, limit);
  }

  /** Lets a finished job run again with all its attempts, or a failed one at once. Throws as `change` does. */
  async retry(id: string): Promise<Job> {
    return this.change(id, { act: 'retry' });
  }

  /** The same for a dead job only. */
  async retryDead(id: string): Promise<Job> {
    return this.change(id, { act: 'retry', from: ['dead'] });
  }

  /**
   * Cancels a job that waits, at once, or asks for the end of one that runs: TERM, then KILL after its grace. Does not wait
   * for the end. A second call can only hasten it. Throws as `change` does.
   */
  async cancel(id: string, options: CancelOptions = {}): Promise<Job> {
    return this.change(id, { act: 'cancel', ...options });
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
    yield* readRunOutput(this.store, { seq: job.seq, run }, ended ?? null, selection);
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

function queueNames(names: readonly string[]): readonly string[] | null {
  for (const name of names) readValue({ kind: 'name' }, name, 'a queue');
  return names.length === 0 ? null : names;
}
