/** The loop of one worker process: exchange, start, wait. */
import { QueueError } from '../errors.js';
import type { AnyHandlers, HandlerTypes } from '../job/input.js';
import { readValue } from '../job/option-kinds.js';
import type { Launcher } from '../launcher/launcher.js';
import { openLauncher } from '../launcher/open-launcher.js';
import { startTimer } from '../launcher/timer.js';
import { failpoint } from '../failpoint.js';
import { emit } from '../log.js';
import type { Queue } from '../queue.js';
import type { HowToStop, Outlook, Session, Store } from '../store/store.js';
import { announceEnd } from './announce.js';
import { isAllDone, isPaused } from './paused-queues.js';
import { handlerMap } from './handlers.js';
import type { AnyHandler } from './handlers.js';
import { GivenUp, LastTries } from './last-tries.js';
import { LeaseWatch } from './lease-watch.js';
import { SEND_WITHIN_MS } from './log-uploads.js';
import { RescueRounds } from './rescue-rounds.js';
import { Rings } from './rings.js';
import { Slots } from './slots.js';
import { runsCommands, sessionOwner } from './session-owner.js';
import { checkQueues } from './served-queues.js';
import { isIn } from './run-key.js';
import { Trouble } from './trouble.js';
import { WakeUp } from './wake-up.js';
import type { ChangedOptions, WorkerOptions } from './worker-options.js';

/** What a run that is told to end at once gets between TERM and KILL. */
const SHORT_GRACE_MS = 1000;

/** Runs the jobs of a queue: commands by a launcher, and those for handlers inside of this program. */
export class Worker<H extends HandlerTypes<H> = AnyHandlers> {
  readonly #store: Store;
  readonly #options: WorkerOptions<H>;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #wakeUp = new WakeUp();
  readonly #slots: Slots;
  readonly #rescue: RescueRounds;
  #pollIntervalMs: number;
  #launcher: Launcher | null = null;
  #lease = new LeaseWatch(null, {});
  #session: Session | null = null;
  #stopping: HowToStop | null = null;
  #callOffDrain: (() => void) | null = null;
  readonly #trouble = new Trouble();
  readonly #rings = new Rings();
  readonly #lastTries: LastTries;
  #isSending = false;
  /** The store was at work while the event loop went on, when it was last asked. */
  #isStoreAway = false;

  /** Throws `usage` for queues and names that cannot be, and for a handler whose name no job can have. */
  constructor(queue: Queue<H>, options: WorkerOptions<H>) {
    checkQueues(options.queues);
    if (options.name !== undefined) readValue({ kind: 'name' }, options.name, 'the name of a worker');
    this.#store = queue.store;
    this.#options = options;
    this.#handlers = handlerMap(options.handlers ?? {});
    this.#pollIntervalMs = options.pollIntervalMs ?? 2000;
    this.#slots = new Slots(options.slots, this.#store, this.#handlers, () => this.#wakeUp.wake());
    this.#slots.maxOutputBytes = options.maxOutputBytes;
    this.#rescue = new RescueRounds(this.#store, this.#slots.files.uploads);
    this.#rescue.upkeep.retention = options.retention;
    this.#lastTries = new LastTries({
      isEnough: () => this.#stopping !== null && this.#lease.mayBeLeft(this.#stopping),
      isBusy: () => this.#isSending || this.#slots.runningCount > 0,
    });
  }

  /**
   * Runs jobs until it is stopped, or its queues are empty. Rejects where it cannot begin (`conflict`: its name), and with
   * `store_lost` where it cannot go on, or `unavailable` where it was to stop and could tell nobody; nothing that it started
   * runs on then.
   */
  async run(): Promise<void> {
    const watching = new AbortController();
    this.#store.bell.onRing((about) => {
      const waitsForEnds = this.#options.untilEmpty === true && this.#slots.isIdle;
      if (this.#rings.hear(about, waitsForEnds)) this.#wakeUp.wake();
    }, watching.signal);
    const launcher = await this.#openLauncher();
    this.#launcher = launcher;
    const onOver = (graceMs: number): void => this.#slots.endHandlers(graceMs);
    this.#lease = new LeaseWatch(launcher, { onOver, onBeat: (isNews) => this.#lookAgain(isNews) });
    try {
      this.#session = await this.#openSession(this.#options.name);
      this.#slots.open(launcher);
      this.#rescue.start();
      await Promise.race([this.#loop(watching.signal), this.#lastTries.over]);
    } catch (error) {
      watching.abort();
      throw await this.#giveUp(error);
    } finally {
      watching.abort();
      this.#callOffDrain?.();
      this.#lastTries.end();
      await this.#rescue.finish();
      this.#lease.end();
      await this.#slots.files.uploads?.finish(0);
      this.#slots.files.notes.remove();
      if (this.#options.launcher === undefined) await launcher?.close();
    }
    announceEnd(this.#options.slots);
  }

  /** 'gracefully': claims nothing more, finishes what runs. 'now': ends what runs and gives it back. */
  stop(how: HowToStop): void {
    this.#stop(how, SHORT_GRACE_MS);
  }

  #stop(how: HowToStop, graceMs: number): void {
    const now = how === 'now';
    this.#slots.dropWaiting();
    if (this.#stopping === null || now)
      emit({ event: 'worker.stopping', running: this.#slots.runningCount, now });
    if (this.#stopping !== 'now') this.#stopping = how;
    const { drainTimeoutMs } = this.#options;
    if (drainTimeoutMs !== undefined)
      this.#callOffDrain ??= startTimer(drainTimeoutMs, () => this.#heedStop('now'));
    if (now) this.#slots.abortAll(graceMs);
    this.#lastTries.start();
    this.#trouble.tryNow();
    this.#wakeUp.wake();
  }

  /** Asked for by another process or by the time limit, again and again: heeded once. Jobs are ended with their own grace. */
  #heedStop(how: HowToStop | null): void {
    if (how !== null && how !== this.#stopping && this.#stopping !== 'now') this.#stop(how, Infinity);
  }

  /** From now on; runs that have begun keep theirs. */
  change({ pollIntervalMs, maxOutputBytes, retention }: ChangedOptions): void {
    if (retention !== undefined) this.#rescue.upkeep.retention = retention;
    this.#pollIntervalMs = pollIntervalMs;
    this.#slots.maxOutputBytes = maxOutputBytes;
    this.#wakeUp.wake();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (this.#session !== null && !signal.aborted) this.#session = await this.#turn(this.#session, signal);
  }

  /** One turn of the loop: the session to go on with, or null when all is done. */
  async #turn(session: Session, signal: AbortSignal): Promise<Session | null> {
    // After the poll phase, so that all that finished in this turn of the event loop forms one batch.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      const next = await this.#work(session);
      this.#trouble.end();
      this.#lastTries.begin();
      return next;
    } catch (error) {
      if (!(error instanceof QueueError) || error.code === 'store_lost') throw error;
      if (!signal.aborted) await this.#trouble.waitOut(error);
      return session;
    }
  }

  async #work(session: Session): Promise<Session | null> {
    if (this.#slots.staleInMs === 0) this.#slots.dropWaiting();
    if (this.#slots.staleInMs < Infinity && this.#rings.takeHeard()) await this.#heedPauses();
    const { reportInMs } = this.#slots;
    if (reportInMs === 0) return this.#exchange(session);
    if (this.#slots.startHandlers(this.#isStoreAway)) return session;
    if (reportInMs !== null) return this.#sleep(reportInMs, session);
    if (this.#rings.bringJobs && this.#mayClaim && this.#slots.free > 0) return this.#exchange(session);
    const outlook = await this.#store.outlook(session);
    if (!outlook.sessionLives) return this.#startAfresh(session);
    for (const run of outlook.cancels) this.#slots.cancel(run);
    this.#heedStop(outlook.stopRequested);
    if (this.#mayClaim && outlook.ready && this.#slots.free > 0) return this.#exchange(session);
    if (this.#slots.isIdle && (this.#stopping !== null || (await this.#isEmpty()))) return this.#end(session);
    return this.#sleep(this.#sleepMs(outlook), session);
  }

  get #mayClaim(): boolean {
    return this.#stopping === null && !this.#lease.isOver;
  }

  /** What was claimed ahead starts without asking the store: it must not outlive a pause by more than the bell takes. */
  async #heedPauses(): Promise<void> {
    const pauses = await this.#store.pauses();
    this.#slots.dropWaiting((job) => isPaused(job, pauses));
  }

  async #sleep(durationMs: number, session: Session): Promise<Session> {
    await this.#wakeUp.sleep(durationMs);
    return session;
  }

  async #exchange(session: Session): Promise<Session> {
    const report = this.#slots.report();
    const { finished } = report;
    const free = this.#mayClaim ? report.free : 0;
    const noteClaims = free > 0 ? this.#rings.beginClaim() : undefined;
    const answering = this.#store.exchange(session, { ...report, free });
    let isAway = false;
    setImmediate(() => {
      isAway = true;
      this.#slots.startHandlers();
    });
    const answer = await answering;
    this.#isStoreAway = isAway;
    const { claims, lost, cancelled, cancels, stopRequested } = answer;
    this.#slots.reported(report);
    noteClaims?.(claims.length);
    if (finished.length > 0) failpoint('finish.after_commit');
    if (claims.length > 0) failpoint('claim.after_commit');
    for (const run of finished)
      this.#slots.settle(run, isIn(lost, run) ? 'refused' : isIn(cancelled, run) ? 'cancelled' : 'accepted');
    if (finished.length > 0) failpoint('finish.after_cleanup');
    for (const key of lost) this.#slots.disown(key, SHORT_GRACE_MS);
    for (const run of cancels) this.#slots.cancel(run);
    this.#heedStop(stopRequested);
    // A stop may have come while the store was at work: what it has claimed for us goes back unbegun.
    if (this.#mayClaim && !this.#slots.isParting) this.#slots.take(claims);
    else if (claims.length > 0) this.#slots.reportAnew();
    return session;
  }

  /** How long nothing can happen that nobody rings for. A job that falls due matters only to a free slot. */
  #sleepMs({ nextDueMs }: Outlook): number {
    const hasRoom = this.#slots.free > 0 && this.#mayClaim;
    const untilDueMs = hasRoom ? (nextDueMs ?? Infinity) : Infinity;
    return Math.min(this.#pollIntervalMs, untilDueMs, this.#slots.staleInMs);
  }

  async #isEmpty(): Promise<boolean> {
    const { untilEmpty, queues = null } = this.#options;
    return untilEmpty === true && isAllDone(this.#store, queues);
  }

  async #openSession(name: string | undefined): Promise<Session> {
    const owner = { ...sessionOwner(this.#options, this.#handlers.keys(), this.#launcher), name };
    const session = await this.#store.openSession(owner);
    this.#lease.begin(this.#store.leaseOf(session));
    emit({ event: 'worker.named', name: session.name ?? '' });
    return session;
  }

  async #openLauncher(): Promise<Launcher | null> {
    if (!runsCommands(this.#options)) return null;
    return this.#options.launcher ?? openLauncher(this.#store.newLockFile());
  }

  async #end(session: Session): Promise<null> {
    this.#isSending = true;
    await this.#slots.files.uploads?.finish(SEND_WITHIN_MS);
    this.#isSending = false;
    await this.#store.closeSession(session);
    return null;
  }

  /** It cannot go on: ends what runs. The error to report. */
  async #giveUp(error: unknown): Promise<unknown> {
    const unrecorded = this.#slots.report().finished.length;
    await this.#endAll();
    if (!(error instanceof GivenUp) || this.#session === null) return error;
    this.#store.leaveSession(this.#session);
    return error.toQueueError(this.#store.database, unrecorded);
  }

  /** Others took this session for dead, and its jobs: what still runs is ended before anything else is claimed. */
  async #startAfresh(session: Session): Promise<Session> {
    const { name } = session;
    emit({ event: 'worker.lost_session' });
    await this.#endAll();
    // Its row is gone; what this process held for it goes, too.
    await this.#store.closeSession(session);
    try {
      return await this.#openSession(name ?? undefined);
    } catch (error) {
      if (!(error instanceof QueueError) || error.code !== 'conflict') throw error;
      return this.#openSession(undefined); // Somebody has the name by now: it is no reason to end.
    }
  }

  /** Ends what runs without a word to the store, which no longer counts it as ours. */
  async #endAll(): Promise<void> {
    this.#slots.disownAll(SHORT_GRACE_MS);
    while (!this.#slots.isIdle) await this.#wakeUp.sleep(this.#pollIntervalMs);
  }

  /** The server has answered a beat: time to try again, and to see what became of the session. */
  #lookAgain(isNews: boolean): void {
    this.#trouble.hear();
    if (!isNews) return;
    this.#slots.reportAnew();
    this.#wakeUp.wake();
  }
}
