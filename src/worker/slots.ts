/** The runs of one worker: each has a numbered slot while its process runs. Jobs claimed ahead wait for one. */
import { isSameCancel } from '../job/cancel.js';
import type { PendingCancel } from '../job/cancel.js';
import { workText } from '../job/command.js';
import type { Transition } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import type { Launcher } from '../launcher/launcher.js';
import { signalNumber, Stopper } from '../launcher/stop.js';
import { emit } from '../log.js';
import { removeFile } from '../output/collect.js';
import { noteFile } from '../output/log-file.js';
import type { CancelledRun, ExchangeRequest, RunKey, Store } from '../store/store.js';
import { announceFinish } from './announce.js';
import type { AnyHandler } from './handlers.js';
import { inheritedEnvironment } from './job-environment.js';
import { Pace } from './pace.js';
import { runHandler } from './run-handler.js';
import { cleanUp, runJob } from './run-job.js';
import type { EndedRun, RunContext } from './run-job.js';

interface Occupied {
  readonly slot: number;
  readonly job: ProcessingJob;
  readonly stopper: Stopper;
  /** Why the run was first told to end. */
  stoppedFor: 'cancelled' | 'given_back' | null;
  /** The cancel that the run was last told of. */
  cancel: PendingCancel | null;
  /** Set once the process has ended. */
  finished: EndedRun | null;
  endedAt: number;
  /** The store gave the job to somebody else: the end of this run must not be reported. */
  disowned: boolean;
}

interface Waiting {
  readonly job: ProcessingJob;
  readonly claimedAt: number;
}

export class Slots {
  readonly #total: number;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #store: Store;
  readonly #environment = inheritedEnvironment(process.env);
  #launcher: Launcher | null = null;
  readonly #onFinished: () => void;
  readonly #occupied = new Set<Occupied>();
  readonly #pace = new Pace();
  #waiting: Waiting[] = [];
  /** How often jobs that waited were dropped, and how many of these times the store has heard of. */
  #drops = 0;
  #reportedDrops = 0;
  /** The most that is kept of what a run that starts now will print; the launcher's default. */
  maxOutputBytes: number | undefined;
  /** Set once every run was told to end. */
  #graceMs: number | null = null;

  /** `onFinished` is called whenever a process has ended. */
  constructor(
    total: number,
    store: Store,
    handlers: ReadonlyMap<string, AnyHandler>,
    onFinished: () => void,
  ) {
    this.#total = total;
    this.#store = store;
    this.#handlers = handlers;
    this.#onFinished = onFinished;
  }

  get isIdle(): boolean {
    return this.#occupied.size === 0 && this.#waiting.length === 0;
  }

  /** How many jobs can be taken once `finished` is stored: for free slots, and of short jobs some ahead of them. */
  get free(): number {
    // A handler's job that was claimed ahead could not be told from one that had begun, should the program die.
    const ahead = this.#handlers.size > 0 ? 0 : this.#pace.ahead(this.#total);
    return Math.max(0, this.#total + ahead - this.#active.length - this.#waiting.length);
  }

  /** What runs, and what was claimed ahead. */
  get running(): RunKey[] {
    const active = this.#active.filter((run) => !run.disowned);
    return [...active, ...this.#waiting].map(({ job }) => toKey(job));
  }

  get #active(): Occupied[] {
    return [...this.#occupied].filter((run) => run.finished === null);
  }

  get finished(): EndedRun[] {
    return [...this.#occupied].flatMap((run) => run.finished ?? []);
  }

  /** In how many ms the store should hear of us; null: there is nothing to tell. */
  get reportInMs(): number | null {
    if (this.#drops > this.#reportedDrops) return 0;
    const ends = [...this.#occupied].filter((run) => run.finished !== null);
    if (ends.length === 0) return null;
    if (this.#waiting.length === 0) return 0;
    return this.#pace.shareInMs(Math.min(...ends.map(({ endedAt }) => endedAt)));
  }

  /** In how many ms a job that waits for a slot has waited for too long. */
  get staleInMs(): number {
    const [first] = this.#waiting;
    return first === undefined ? Infinity : this.#pace.staleInMs(first.claimedAt);
  }

  /** What waits for a slot, all of it or these jobs, is ours no longer; the next report gives it back. */
  dropWaiting(isDropped: (job: ProcessingJob) => boolean = () => true): void {
    const kept = this.#waiting.filter(({ job }) => !isDropped(job));
    if (kept.length === this.#waiting.length) return;
    this.#waiting = kept;
    this.#drops += 1;
    this.#pace.forget();
  }

  /** From now on runs are started by this launcher. */
  open(launcher: Launcher | null): void {
    this.#launcher = launcher;
    if (launcher !== null) emit({ event: 'worker.launcher', launcher: launcher.name });
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.started', slot, pid: process.pid });
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.polling', slot });
  }

  announceEnd(): void {
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.stopped', slot });
  }

  /** What to tell the store; call `reported` with its number once the store has taken it. */
  report(): ExchangeRequest & { readonly finished: readonly EndedRun[]; readonly drops: number } {
    const { running, finished, free } = this;
    return { running, finished, free, drops: this.#drops };
  }

  reported({ drops }: { readonly drops: number }): void {
    this.#reportedDrops = drops;
  }

  /** What the store gave us: it is started in this order, as slots are free. */
  take(jobs: readonly ProcessingJob[]): void {
    const claimedAt = performance.now();
    this.#waiting.push(...jobs.map((job) => ({ job, claimedAt })));
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#active.length < this.#total) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#start(next.job);
    }
  }

  #start(job: ProcessingJob): void {
    const run: Occupied = {
      slot: this.#freeSlot(),
      job,
      stopper: new Stopper(),
      stoppedFor: null,
      cancel: null,
      finished: null,
      endedAt: 0,
      disowned: false,
    };
    this.#occupied.add(run);
    const command = workText(job);
    emit({ event: 'job.claimed', slot: run.slot, id: job.id, run: job.run, command });
    // Its claim was under way when everything was told to end: it goes back without a start.
    if (this.#graceMs !== null) stopWithin(run, this.#graceMs);
    void this.#watch(run);
  }

  async #watch(run: Occupied): Promise<void> {
    const startedAt = performance.now();
    run.finished = await this.#run(run);
    run.endedAt = performance.now();
    this.#pace.noteRun(run.endedAt - startedAt);
    this.#startWaiting();
    if (run.disowned) this.settle(run.finished, 'refused');
    this.#onFinished();
  }

  async #run(run: Occupied): Promise<EndedRun> {
    const { job, stopper } = run;
    const stoppedFor = (): 'cancelled' | 'given_back' => run.stoppedFor ?? 'given_back';
    if (job.handler !== null) return runHandler(job, this.#handlerOf(job.handler), stopper, stoppedFor);
    if (this.#launcher === null) throw new Error('the slots are not open');
    const context: RunContext = {
      store: this.#store,
      launcher: this.#launcher,
      environment: this.#environment,
      stoppedFor,
      attached: false,
      maxOutputBytes: this.maxOutputBytes,
    };
    return runJob(job, context, stopper.signal);
  }

  /** The claim asked for jobs of these alone. */
  #handlerOf(name: string): AnyHandler {
    const handler = this.#handlers.get(name);
    if (handler === undefined)
      throw new Error(`a job was claimed for the handler ${name}, which is not here`);
    return handler;
  }

  /**
   * The store has taken the end of the run as it was reported, made a cancelled job of it because a person had asked
   * for that, or refused it because the job is no longer ours.
   */
  settle(finished: EndedRun, answer: 'accepted' | 'cancelled' | 'refused'): void {
    const run = this.#find(finished);
    if (run === undefined) return;
    this.#occupied.delete(run);
    if (answer !== 'refused') {
      if (run.job.handler === null) cleanUp(this.#store, finished);
      const transition: Transition = answer === 'cancelled' ? { to: 'cancelled' } : finished.transition;
      announceFinish(run.slot, run.job.id, transition);
    } else {
      if (run.job.handler === null) removeFile(noteFile(this.#store.runDir, finished.seq, finished.run));
      emit({ event: 'job.disowned', slot: run.slot, id: run.job.id });
    }
  }

  /** Ends a run that the store no longer counts as ours; it changes nothing any more. */
  disown(key: RunKey, graceMs: number): void {
    this.#waiting = this.#waiting.filter(({ job }) => !isRun(job, key));
    const run = this.#find(key);
    if (run === undefined || run.finished !== null) return;
    run.disowned = true;
    stopWithin(run, graceMs);
  }

  /** The same for every run; one that has ended already is dropped. */
  disownAll(graceMs: number): void {
    this.#waiting = [];
    for (const { job, finished } of this.#occupied) {
      if (finished === null) this.disown(job, graceMs);
      else this.settle(finished, 'refused');
    }
  }

  /** Ends a run as a person has asked: once for each time that somebody asked. */
  cancel({ cancel, ...key }: CancelledRun): void {
    // What waits for a slot goes back, and is cancelled on its way.
    if (this.#waiting.some(({ job }) => isRun(job, key))) this.dropWaiting();
    const run = this.#find(key);
    if (run === undefined || run.finished !== null || isSameCancel(run.cancel, cancel)) return;
    run.cancel = cancel;
    run.stoppedFor ??= 'cancelled';
    run.stopper.stop({ signal: signalNumber(cancel.signal), graceMs: cancel.graceMs });
  }

  /** Ends every run, and those that start later: TERM, and KILL after at most `graceMs`. */
  abortAll(graceMs: number): void {
    this.#graceMs = graceMs;
    for (const run of this.#occupied) stopWithin(run, graceMs);
  }

  #find(key: RunKey): Occupied | undefined {
    return [...this.#occupied].find(({ job }) => isRun(job, key));
  }

  #freeSlot(): number {
    const taken = new Set(this.#active.map((run) => run.slot));
    let slot = 1;
    while (taken.has(slot)) slot++;
    return slot;
  }
}

function isRun(job: RunKey, key: RunKey): boolean {
  return job.seq === key.seq && job.run === key.run;
}

/** So that the job can be given back, or because it is no longer ours. */
function stopWithin(run: Occupied, graceMs: number): void {
  run.stoppedFor ??= 'given_back';
  run.stopper.stop({ graceMs: Math.min(graceMs, run.job.graceMs) });
}

function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}
