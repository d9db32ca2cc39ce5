/** The runs of one worker: each has a numbered slot from its claim until the store knows its end. */
import { isSameCancel } from '../job/cancel.js';
import type { PendingCancel } from '../job/cancel.js';
import { commandText } from '../job/command.js';
import type { Transition } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import type { Launcher } from '../launcher/launcher.js';
import { signalNumber, Stopper } from '../launcher/stop.js';
import { emit } from '../log.js';
import { removeFile } from '../output/collect.js';
import { noteFile } from '../output/log-file.js';
import type { CancelledRun, FinishedRun, RunKey, Store } from '../store/store.js';
import { cleanUp, runJob } from './run-job.js';

interface Occupied {
  readonly slot: number;
  readonly job: ProcessingJob;
  readonly stopper: Stopper;
  /** Why the run was first told to end. */
  stoppedFor: 'cancelled' | 'given_back' | null;
  /** The cancel that the run was last told of. */
  cancel: PendingCancel | null;
  /** Set once the process has ended. */
  finished: FinishedRun | null;
  /** The store gave the job to somebody else: the end of this run must not be reported. */
  disowned: boolean;
}

export class Slots {
  readonly #total: number;
  readonly #store: Store;
  #launcher: Launcher | null = null;
  readonly #onFinished: () => void;
  readonly #occupied = new Set<Occupied>();
  /** Set once every run was told to end. */
  #graceMs: number | null = null;

  /** `onFinished` is called whenever a process has ended. */
  constructor(total: number, store: Store, onFinished: () => void) {
    this.#total = total;
    this.#store = store;
    this.#onFinished = onFinished;
  }

  get isIdle(): boolean {
    return this.#occupied.size === 0;
  }

  /** How many jobs can be started once `finished` is stored. */
  get free(): number {
    return this.#total - [...this.#occupied].filter((run) => run.finished === null).length;
  }

  get running(): RunKey[] {
    return [...this.#occupied]
      .filter((run) => run.finished === null && !run.disowned)
      .map(({ job }) => toKey(job));
  }

  get finished(): FinishedRun[] {
    return [...this.#occupied].flatMap((run) => run.finished ?? []);
  }

  /** From now on runs are started by this launcher. */
  open(launcher: Launcher): void {
    this.#launcher = launcher;
    emit({ event: 'worker.launcher', launcher: launcher.name });
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.started', slot, pid: process.pid });
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.polling', slot });
  }

  announceEnd(): void {
    for (let slot = 1; slot <= this.#total; slot++) emit({ event: 'worker.stopped', slot });
  }

  start(job: ProcessingJob): void {
    if (this.#launcher === null) throw new Error('the slots are not open');
    const run: Occupied = {
      slot: this.#freeSlot(),
      job,
      stopper: new Stopper(),
      stoppedFor: null,
      cancel: null,
      finished: null,
      disowned: false,
    };
    this.#occupied.add(run);
    const command = commandText(job.command);
    emit({ event: 'job.claimed', slot: run.slot, id: job.id, run: job.run, command });
    // Its claim was under way when everything was told to end: it goes back without a start.
    if (this.#graceMs !== null) stopWithin(run, this.#graceMs);
    void this.#watch(run, this.#launcher);
  }

  async #watch(run: Occupied, launcher: Launcher): Promise<void> {
    const stoppedFor = (): 'cancelled' | 'given_back' => run.stoppedFor ?? 'given_back';
    const context = { store: this.#store, launcher, stoppedFor, attached: false };
    run.finished = await runJob(run.job, context, run.stopper.signal);
    if (run.disowned) this.settle(run.finished, 'refused');
    this.#onFinished();
  }

  /**
   * The store has taken the end of the run as it was reported, made a cancelled job of it because a person had asked
   * for that, or refused it because the job is no longer ours.
   */
  settle(finished: FinishedRun, answer: 'accepted' | 'cancelled' | 'refused'): void {
    const run = this.#find(finished);
    if (run === undefined) return;
    this.#occupied.delete(run);
    if (answer !== 'refused') {
      cleanUp(this.#store, finished);
      announceFinish(run, answer === 'cancelled' ? { to: 'cancelled' } : finished.transition);
    } else {
      removeFile(noteFile(this.#store.runDir, finished.seq, finished.run));
      emit({ event: 'job.disowned', slot: run.slot, id: run.job.id });
    }
  }

  /** Ends a run that the store no longer counts as ours; it changes nothing any more. */
  disown(key: RunKey, graceMs: number): void {
    const run = this.#find(key);
    if (run === undefined || run.finished !== null) return;
    run.disowned = true;
    stopWithin(run, graceMs);
  }

  /** The same for every run; one that has ended already is dropped. */
  disownAll(graceMs: number): void {
    for (const { job, finished } of this.#occupied) {
      if (finished === null) this.disown(job, graceMs);
      else this.settle(finished, 'refused');
    }
  }

  /** Ends a run as a person has asked: once for each time that somebody asked. */
  cancel({ cancel, ...key }: CancelledRun): void {
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
    return [...this.#occupied].find(({ job }) => job.seq === key.seq && job.run === key.run);
  }

  #freeSlot(): number {
    const taken = new Set([...this.#occupied].map((run) => run.slot));
    let slot = 1;
    while (taken.has(slot)) slot++;
    return slot;
  }
}

/** So that the job can be given back, or because it is no longer ours. */
function stopWithin(run: Occupied, graceMs: number): void {
  run.stoppedFor ??= 'given_back';
  run.stopper.stop({ graceMs: Math.min(graceMs, run.job.graceMs) });
}

function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}

function announceFinish({ slot, job: { id } }: Occupied, transition: Transition): void {
  switch (transition.to) {
    case 'completed':
      return emit({ event: 'job.completed', slot, id });
    case 'failed':
      return emit({ event: 'job.failed', slot, id, reason: transition.reason, delayMs: transition.delayMs });
    case 'dead':
      return emit({ event: 'job.dead', slot, id, reason: transition.reason });
    case 'cancelled':
      return emit({ event: 'job.cancelled', slot, id });
    case 'pending':
    case 'scheduled':
      return emit({ event: 'job.given_back', slot, id });
  }
}
