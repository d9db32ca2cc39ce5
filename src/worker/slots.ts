/** The runs of one worker: each has a numbered slot from its claim until the store knows its end. */
import { commandText } from '../job/command.js';
import type { ProcessingJob } from '../job/job.js';
import type { Launcher } from '../launcher/launcher.js';
import { emit } from '../log.js';
import { removeFile } from '../output/collect.js';
import { noteFile } from '../output/log-file.js';
import type { FinishedRun, RunKey, Store } from '../store/store.js';
import { cleanUp, runJob } from './run-job.js';
import type { EndedRun, RunContext } from './run-job.js';

interface Occupied {
  readonly slot: number;
  readonly job: ProcessingJob;
  readonly abort: AbortController;
  /** Set once the process has ended. */
  finished: EndedRun | null;
  /** The store gave the job to somebody else: the end of this run must not be reported. */
  disowned: boolean;
}

export class Slots {
  readonly #total: number;
  readonly #store: Store;
  #launcher: Launcher | null = null;
  readonly #onFinished: () => void;
  readonly #occupied = new Set<Occupied>();
  /** The most that is kept of what a run that starts now will print; the launcher's default. */
  maxOutputBytes: number | undefined;
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

  get finished(): EndedRun[] {
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
      abort: new AbortController(),
      finished: null,
      disowned: false,
    };
    this.#occupied.add(run);
    const command = commandText(job.command);
    emit({ event: 'job.claimed', slot: run.slot, id: job.id, run: job.run, command });
    // Its claim was under way when everything was told to end: it goes back without a start.
    if (this.#graceMs !== null) run.abort.abort(this.#graceMs);
    void this.#watch(run, this.#launcher);
  }

  async #watch(run: Occupied, launcher: Launcher): Promise<void> {
    const context: RunContext = {
      store: this.#store,
      launcher,
      stoppedFor: 'given_back',
      attached: false,
      maxOutputBytes: this.maxOutputBytes,
    };
    run.finished = await runJob(run.job, context, run.abort.signal);
    if (run.disowned) this.settle(run.finished, false);
    this.#onFinished();
  }

  /** The store has taken the end of the run, or refused it because the job is no longer ours. */
  settle(finished: EndedRun, accepted: boolean): void {
    const run = this.#find(finished);
    if (run === undefined) return;
    this.#occupied.delete(run);
    if (accepted) {
      cleanUp(this.#store, finished);
      announceFinish(run, finished);
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
    run.abort.abort(graceMs);
  }

  /** The same for every run; one that has ended already is dropped. */
  disownAll(graceMs: number): void {
    for (const { job, finished } of this.#occupied) {
      if (finished === null) this.disown(job, graceMs);
      else this.settle(finished, false);
    }
  }

  /** Ends every run, and those that start later: TERM, and KILL after at most `graceMs`. */
  abortAll(graceMs: number): void {
    this.#graceMs = graceMs;
    for (const run of this.#occupied) run.abort.abort(graceMs);
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

function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}

function announceFinish({ slot, job: { id } }: Occupied, { transition }: FinishedRun): void {
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
