/** The runs of one worker: each has a numbered slot while its process runs. Jobs claimed ahead wait for one. */
import type { Transition } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import { failpoint } from '../failpoint.js';
import type { Launcher } from '../launcher/launcher.js';
import { emit } from '../log.js';
import type { CancelledRun, ExchangeRequest, RunKey, Store } from '../store/store.js';
import { announceClaim, announceFinish, announceStart } from './announce.js';
import { handlerOf } from './handlers.js';
import type { AnyHandler } from './handlers.js';
import { inheritedEnvironment } from './job-environment.js';
import { FreeSlots } from './free-slots.js';
import { handlersAtOnce, Pace } from './pace.js';
import { runHandler } from './run-handler.js';
import { cleanUp, removeNote, runJob } from './run-job.js';
import type { EndedRun, RunContext, RunFiles } from './run-job.js';
import { openUploads } from './log-uploads.js';
import { NoteDrafts } from './note-drafts.js';
import { isRun, keyOf, toKey } from './run-key.js';
import { endsOf, newSlotRun, stopAsAsked, stopWithin } from './slot-run.js';
import type { SlotRun, Waiting } from './slot-run.js';

export class Slots {
  readonly #total: number;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #environment = inheritedEnvironment(process.env);
  #launcher: Launcher | null = null;
  readonly #onFinished: () => void;
  /** Those whose end the store has not taken yet, by `keyOf`. */
  readonly #occupied = new Map<string, SlotRun>();
  /** Of these, those that the launcher keeps until there is a place, in its order. */
  readonly #queued = new Set<SlotRun>();
  /** Of these, those that have ended, in that order. */
  readonly #ended = new Set<SlotRun>();
  /** Of these, those that the store gave to somebody else: their ends must not be reported. */
  readonly #disowned = new Set<SlotRun>();
  readonly #freeSlots = new FreeSlots();
  readonly #pace = new Pace();
  /** What runs leave in files. */
  readonly files: RunFiles;
  #waiting: Waiting[] = [];
  /** How often jobs that waited were dropped, and how many of these times the store has heard of. */
  #drops = 0;
  #reportedDrops = 0;
  /** The most that is kept of what a run that starts now will print; the launcher's default. */
  maxOutputBytes: number | undefined;

  /** `onFinished` is called whenever a process has ended. */
  constructor(
    total: number,
    store: Store,
    handlers: ReadonlyMap<string, AnyHandler>,
    onFinished: () => void,
  ) {
    this.#total = total;
    this.#handlers = handlers;
    this.#onFinished = onFinished;
    const uploads = openUploads(store, () => this.maxOutputBytes);
    this.files = { store, notes: new NoteDrafts(store.runDir), uploads };
  }

  get isIdle(): boolean {
    return this.#occupied.size === 0 && this.#waiting.length === 0;
  }

  /** How many jobs can be taken once `finished` is stored: for free slots, and of short jobs some ahead of them. */
  get free(): number {
    if (this.isParting) return 0;
    // A handler's job that was claimed ahead could not be told from one that had begun, should the program die.
    const ahead = this.#handlers.size > 0 ? 0 : this.#pace.ahead(this.#total);
    return Math.max(0, this.#total + ahead - this.#activeCount - this.#waiting.length);
  }

  /** What runs, and what was claimed ahead. */
  get running(): RunKey[] {
    const goesOn = (run: SlotRun): boolean => run.finished === null && !this.#disowned.has(run);
    const active = [...this.#occupied.values()].filter(goesOn);
    return [...active, ...this.#waiting].map(({ job }) => toKey(job));
  }

  /** How many processes run. */
  get runningCount(): number {
    return Math.min(this.#activeCount, this.#total);
  }
  get #activeCount(): number {
    return this.#occupied.size - this.#ended.size;
  }

  /** A command goes on whose job is no longer ours: were that claimed again, it would run twice at once. */
  get isParting(): boolean {
    return [...this.#disowned].some(({ job }) => job.handler === null);
  }

  /** In how many ms the store should hear of us; null: there is nothing to tell. */
  get reportInMs(): number | null {
    if (this.#drops > this.#reportedDrops) return 0;
    const [first] = this.#ended;
    if (first === undefined) return null;
    const isNothingAhead = this.#waiting.length + this.#queued.size === 0;
    return isNothingAhead || this.#startsLater ? 0 : this.#pace.shareInMs(first.endedAt, this.#total);
  }

  /** In how many ms a job that waits for a slot has waited for too long. */
  get staleInMs(): number {
    if (this.#startsLater) return Infinity;
    const [queued] = this.#queued;
    const first = queued ?? this.#waiting[0];
    return first === undefined ? Infinity : this.#pace.staleInMs(first.claimedAt);
  }

  /** If one of these jobs waits for a slot, all that wait are ours no longer; the next report gives them back. */
  dropWaiting(isDropped: (job: ProcessingJob) => boolean = () => true): void {
    if (![...this.#queued, ...this.#waiting].some(({ job }) => isDropped(job))) return;
    this.#pace.forget();
    if (this.#queued.size > 0) {
      // Each is now reported as never started, or has been started and goes on.
      this.#launcher?.withdraw();
      this.#queued.clear();
      failpoint('withdraw.after_command');
    }
    if (this.#waiting.length === 0) return;
    this.#waiting = [];
    this.#drops += 1;
  }

  /** From now on runs are started by this launcher. */
  open(launcher: Launcher | null): void {
    this.#launcher = launcher;
    announceStart(this.#total, launcher?.name);
  }

  /** What to tell the store; call `reported` with its number once the store has taken it. */
  report(): ExchangeRequest & { readonly finished: readonly EndedRun[]; readonly drops: number } {
    const { running, free } = this;
    return { running, finished: endsOf(this.#ended), free, drops: this.#drops };
  }

  reported({ drops }: { readonly drops: number }): void {
    this.#reportedDrops = drops;
  }

  /** What the store gave us: it is started in this order, as slots are free; handlers by `startHandlers`. */
  take(jobs: readonly ProcessingJob[]): void {
    const claimedAt = performance.now();
    this.#waiting.push(...jobs.map((job) => ({ job, claimedAt })));
    if (!this.#startsLater) this.#startWaiting();
  }

  /** A worker of handlers alone: what has ended is on its way to the store first, and they run meanwhile. */
  get #startsLater(): boolean {
    return this.#launcher === null;
  }

  /** False: none could. */
  startHandlers(areHalved = false): boolean {
    const before = this.#waiting.length;
    if (this.#startsLater) this.#startWaiting(areHalved ? handlersAtOnce(this.#total) : Infinity);
    return this.#waiting.length < before;
  }

  /** The store is to hear at once of all that runs. What else it takes for ours, claims that are not begun, it gives back. */
  reportAnew(): void {
    this.#drops += 1;
  }

  /** A launcher that keeps runs gets all of them, so that none of its places waits for us. */
  #startWaiting(most = Infinity): void {
    const keeps = this.#launcher?.capabilities.queues === true;
    const room = keeps ? this.#waiting.length : Math.min(most, this.#total - this.#activeCount);
    for (const next of this.#waiting.splice(0, Math.max(0, room)))
      this.#start(next, keeps && next.job.handler === null);
  }

  #start({ job, claimedAt }: Waiting, isKept: boolean): void {
    const run = newSlotRun(job, claimedAt);
    this.#occupied.set(keyOf(job), run);
    if (isKept) this.#queued.add(run);
    else this.#noteStart(run);
    void this.#watch(run, isKept);
  }

  #noteStart(run: SlotRun): void {
    this.#queued.delete(run);
    run.slot = this.#freeSlots.take();
    run.holdsSlot = true;
    // A handler prints into no file.
    if (run.job.handler === null) this.files.uploads?.begin(run.job);
    announceClaim(run.slot, run.job);
  }

  #freeSlot(run: SlotRun): void {
    if (!run.holdsSlot) return;
    run.holdsSlot = false;
    this.#freeSlots.free(run.slot);
  }

  async #watch(run: SlotRun, isKept: boolean): Promise<void> {
    run.finished = await this.#run(run, isKept);
    const { times } = run.finished;
    run.startedAt = times?.startedAt ?? run.startedAt;
    run.endedAt = times?.endedAt ?? performance.now();
    if (run.holdsSlot || times !== null) this.#pace.noteRun(run.endedAt - run.startedAt);
    // It failed before it had a slot; a run that was withdrawn is never named.
    if (run.slot === 0 && run.finished.outcome === 'failure') this.#noteStart(run);
    this.#freeSlot(run);
    this.#queued.delete(run);
    this.#ended.add(run);
    if (!this.#startsLater) this.#startWaiting();
    if (this.#disowned.has(run)) this.settle(run.finished, 'refused');
    this.#onFinished();
  }

  async #run(run: SlotRun, isKept: boolean): Promise<EndedRun> {
    const { job, stopper } = run;
    const stoppedFor = (): 'cancelled' | 'given_back' => run.stoppedFor ?? 'given_back';
    if (job.handler !== null)
      return runHandler(job, handlerOf(this.#handlers, job.handler), stopper, stoppedFor);
    if (this.#launcher === null) throw new Error('the slots are not open');
    const onStarted = (): void => this.#noteStart(run);
    const onEnded = (): void => this.#freeSlot(run);
    const context: RunContext = {
      files: this.files,
      launcher: this.#launcher,
      environment: this.#environment,
      stoppedFor,
      attached: false,
      whenStarted: isKept ? { places: this.#total, onStarted, onEnded } : undefined,
      maxOutputBytes: this.maxOutputBytes,
    };
    return runJob(job, context, stopper);
  }

  /**
   * The store has taken the end of the run as it was reported, made a cancelled job of it because a person had asked
   * for that, or refused it because the job is no longer ours.
   */
  settle(finished: EndedRun, answer: 'accepted' | 'cancelled' | 'refused'): void {
    const run = this.#find(finished);
    if (run === undefined) return;
    this.#occupied.delete(keyOf(finished));
    this.#ended.delete(run);
    this.#disowned.delete(run);
    if (answer !== 'refused') {
      cleanUp(this.files, finished);
      const transition: Transition = answer === 'cancelled' ? { to: 'cancelled' } : finished.transition;
      if (run.slot > 0) announceFinish(run.slot, run.job.id, transition);
    } else {
      removeNote(this.files, finished);
      this.files.uploads?.end(finished, false);
      if (run.slot > 0) emit({ event: 'job.disowned', slot: run.slot, id: run.job.id });
    }
  }

  /** Ends a run that the store no longer counts as ours; it changes nothing any more. */
  disown(key: RunKey, graceMs: number): void {
    this.#waiting = this.#waiting.filter(({ job }) => !isRun(job, key));
    const run = this.#find(key);
    if (run === undefined || run.finished !== null) return;
    this.#disowned.add(run);
    stopWithin(run, graceMs);
  }

  /** The same for every run; one that has ended already is dropped. */
  disownAll(graceMs: number): void {
    this.#waiting = [];
    for (const { job, finished } of this.#occupied.values()) {
      if (finished === null) this.disown(job, graceMs);
      else this.settle(finished, 'refused');
    }
  }

  /** Ends a run as a person has asked. */
  cancel({ cancel, ...key }: CancelledRun): void {
    // What waits for a slot goes back, and is cancelled on its way.
    if (this.#waiting.some(({ job }) => isRun(job, key))) this.dropWaiting();
    const run = this.#find(key);
    if (run !== undefined) stopAsAsked(run, cancel);
  }

  /** Ends every run: TERM, and KILL after at most `graceMs`. */
  abortAll(graceMs: number): void {
    for (const run of this.#occupied.values()) stopWithin(run, graceMs);
  }

  /** Functions of this program are told to end; their jobs go back. */
  endHandlers(graceMs: number): void {
    if (this.#startsLater) this.dropWaiting();
    for (const run of this.#occupied.values()) if (run.job.handler !== null) stopWithin(run, graceMs);
  }

  #find(key: RunKey): SlotRun | undefined {
    return this.#occupied.get(keyOf(key));
  }
}
