/** The runs of one worker: each has a numbered slot while its process runs. Jobs claimed ahead wait for one. */
import { isSameCancel } from '../job/cancel.js';
import type { Transition } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import { failpoint } from '../failpoint.js';
import type { Launcher } from '../launcher/launcher.js';
import { signalNumber } from '../launcher/stop.js';
import { emit } from '../log.js';
import type { CancelledRun, ExchangeRequest, RunKey, Store } from '../store/store.js';
import { announceClaim, announceFinish } from './announce.js';
import type { AnyHandler } from './handlers.js';
import { inheritedEnvironment } from './job-environment.js';
import { FreeSlots } from './free-slots.js';
import { Pace } from './pace.js';
import { runHandler } from './run-handler.js';
import { cleanUp, removeNote, runJob } from './run-job.js';
import type { EndedRun, RunContext } from './run-job.js';
import { isRun, keyOf, newSlotRun, stopWithin } from './slot-run.js';
import type { SlotRun } from './slot-run.js';

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
  /** Those whose end the store has not taken yet, by `keyOf`. */
  readonly #occupied = new Map<string, SlotRun>();
  /** Of these, those that the launcher keeps until there is a place, in its order. */
  readonly #queued = new Set<SlotRun>();
  /** Of these, those that have ended, in that order. */
  readonly #ended = new Set<SlotRun>();
  readonly #freeSlots = new FreeSlots();
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
    return Math.max(0, this.#total + ahead - this.#activeCount - this.#waiting.length);
  }

  /** What runs, and what was claimed ahead. */
  get running(): RunKey[] {
    const active = [...this.#occupied.values()].filter((run) => run.finished === null && !run.disowned);
    return [...active, ...this.#waiting].map(({ job }) => toKey(job));
  }

  /** How many processes run. */
  get runningCount(): number {
    return Math.min(this.#activeCount, this.#total);
  }

  get #activeCount(): number {
    return this.#occupied.size - this.#ended.size;
  }

  get #isNothingAhead(): boolean {
    return this.#waiting.length === 0 && this.#queued.size === 0;
  }

  /** In how many ms the store should hear of us; null: there is nothing to tell. */
  get reportInMs(): number | null {
    if (this.#drops > this.#reportedDrops) return 0;
    const [first] = this.#ended;
    if (first === undefined) return null;
    return this.#isNothingAhead ? 0 : this.#pace.shareInMs(first.endedAt);
  }

  /** In how many ms a job that waits for a slot has waited for too long. */
  get staleInMs(): number {
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
    if (launcher !== null) emit({ event: 'worker.launcher', launcher: launcher.name });
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.started', slot, pid: process.pid });
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.polling', slot });
  }

  announceEnd(): void {
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.stopped', slot });
  }

  /** What to tell the store; call `reported` with its number once the store has taken it. */
  report(): ExchangeRequest & { readonly finished: readonly EndedRun[]; readonly drops: number } {
    const { running, free } = this;
    const now = performance.now();
    const finished: EndedRun[] = [];
    for (const { finished: end, startedAt } of this.#ended) {
      if (end === null) continue;
      end.startedMsAgo = now - startedAt;
      finished.push(end);
    }
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

  /** A launcher that keeps runs gets all of them, so that none of its places waits for us. */
  #startWaiting(): void {
    const keeps = this.#launcher?.capabilities.queues === true;
    const room = keeps ? this.#waiting.length : this.#total - this.#activeCount;
    for (const next of this.#waiting.splice(0, Math.max(0, room)))
      this.#start(next, keeps && next.job.handler === null);
  }

  #start({ job, claimedAt }: Waiting, isKept: boolean): void {
    const run = newSlotRun(job, claimedAt);
    this.#occupied.set(keyOf(job), run);
    if (isKept) this.#queued.add(run);
    else this.#noteStart(run);
    // Its claim was under way when everything was told to end: it goes back without a start.
    if (this.#graceMs !== null) stopWithin(run, this.#graceMs);
    void this.#watch(run, isKept);
  }

  #noteStart(run: SlotRun): void {
    this.#queued.delete(run);
    run.slot = this.#freeSlots.take();
    run.holdsSlot = true;
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
    this.#startWaiting();
    if (run.disowned) this.settle(run.finished, 'refused');
    this.#onFinished();
  }

  async #run(run: SlotRun, isKept: boolean): Promise<EndedRun> {
    const { job, stopper } = run;
    const stoppedFor = (): 'cancelled' | 'given_back' => run.stoppedFor ?? 'given_back';
    if (job.handler !== null) return runHandler(job, this.#handlerOf(job.handler), stopper, stoppedFor);
    if (this.#launcher === null) throw new Error('the slots are not open');
    const onStarted = (): void => this.#noteStart(run);
    const context: RunContext = {
      store: this.#store,
      launcher: this.#launcher,
      environment: this.#environment,
      stoppedFor,
      attached: false,
      ...(isKept && { whenStarted: { places: this.#total, onStarted, onEnded: () => this.#freeSlot(run) } }),
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
    this.#occupied.delete(keyOf(finished));
    this.#ended.delete(run);
    if (answer !== 'refused') {
      cleanUp(this.#store, finished);
      const transition: Transition = answer === 'cancelled' ? { to: 'cancelled' } : finished.transition;
      if (run.slot > 0) announceFinish(run.slot, run.job.id, transition);
    } else {
      removeNote(this.#store, finished);
      if (run.slot > 0) emit({ event: 'job.disowned', slot: run.slot, id: run.job.id });
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
    for (const { job, finished } of this.#occupied.values()) {
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
    for (const run of this.#occupied.values()) stopWithin(run, graceMs);
  }

  #find(key: RunKey): SlotRun | undefined {
    return this.#occupied.get(keyOf(key));
  }
}

function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}
