/** The loop of one worker process: exchange, start, wait. */
import { QueueError, usageError } from '../errors.js';
import type { AnyHandlers, HandlerTypes } from '../job/input.js';
import { readValue } from '../job/option-kinds.js';
import type { Launcher } from '../launcher/launcher.js';
import { openLauncher } from '../launcher/open-launcher.js';
import { thisProcess } from '../launcher/process-identity.js';
import { startTimer } from '../launcher/timer.js';
import { failpoint } from '../failpoint.js';
import { emit } from '../log.js';
import type { Retention } from '../maintenance/prune.js';
import type { Queue } from '../queue.js';
import type { HowToStop, Outlook, RunKey, Session, Store } from '../store/store.js';
import { announcePaused, isPaused } from './paused-queues.js';
import { handlerMap } from './handlers.js';
import type { AnyHandler, Handlers } from './handlers.js';
import { RescueRounds } from './rescue-rounds.js';
import { Slots } from './slots.js';
import { WakeUp } from './wake-up.js';

export interface WorkerOptions<H extends HandlerTypes<H> = AnyHandlers> {
  /** How many jobs run at once. */
  readonly slots: number;
  /** Functions of this program, for jobs that name one; see Handler. */
  readonly handlers?: Handlers<H>;
  /** Whether it runs commands, too; true by default. Without, it starts no launcher. */
  readonly commands?: boolean;
  /** No two living workers have the same; the first of w1, w2, … that is free, by default. */
  readonly name?: string | undefined;
  /** Null or missing: every queue. */
  readonly queues?: readonly string[] | null;
  /** How often to look when nobody rings. */
  readonly pollIntervalMs?: number;
  /** The most that is kept of what a run prints; the launcher's default. */
  readonly maxOutputBytes?: number;
  /** End when the queues hold nothing pending, processing or waiting for a retry. */
  readonly untilEmpty?: boolean;
  /** After a stop: when jobs that still run are ended, with their grace, and given back; never, by default. */
  readonly drainTimeoutMs?: number | undefined;
  /** How long jobs are kept after their end; missing: the worker removes none. */
  readonly retention?: Retention;
  /** The native one where there is one, else Node's, by default. One that is given is not closed. */
  readonly launcher?: Launcher;
}

/** What may be changed while it runs. */
interface ChangedOptions {
  readonly pollIntervalMs: number;
  readonly maxOutputBytes: number;
  readonly retention?: Retention;
}

/** What a run that is told to end at once gets between TERM and KILL. */
const SHORT_GRACE_MS = 1000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

/** Runs the jobs of a queue: commands by a launcher, and those for handlers inside of this program. */
export class Worker<H extends HandlerTypes<H> = AnyHandlers> {
  readonly #store: Store;
  readonly #options: WorkerOptions<H>;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #wakeUp = new WakeUp();
  readonly #slots: Slots;
  readonly #rescue: RescueRounds;
  #pollIntervalMs: number;
  #launcherLock: string | null = null;
  #stopping: HowToStop | null = null;
  #callOffDrain: (() => void) | null = null;
  #troubles = 0;
  /** Somebody rang, and the pauses have not been looked at since. */
  #rang = false;

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
    this.#rescue = new RescueRounds(this.#store);
    this.#rescue.upkeep.retention = options.retention;
  }

  /**
   * Runs jobs until it is stopped, or its queues are empty. Rejects where it cannot begin (`conflict`: its name), and with
   * `store_lost` where it cannot go on; nothing that it started runs on then.
   */
  async run(): Promise<void> {
    const watching = new AbortController();
    this.#store.bell.onRing(() => this.#hear(), watching.signal);
    const launcher = await this.#openLauncher();
    this.#launcherLock = launcher?.lockFile ?? null;
    try {
      let session: Session | null = await this.#openSession(this.#options.name);
      this.#slots.open(launcher);
      this.#rescue.start();
      while (session !== null) session = await this.#turn(session);
    } catch (error) {
      await this.#endAll();
      throw error;
    } finally {
      watching.abort();
      this.#callOffDrain?.();
      await this.#rescue.finish();
      if (this.#options.launcher === undefined) await launcher?.close();
    }
    this.#slots.announceEnd();
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

  /** One turn of the loop: the session to go on with, or null when all is done. */
  async #turn(session: Session): Promise<Session | null> {
    // After the poll phase, so that all that finished in this turn of the event loop forms one batch.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      const next = await this.#work(session);
      this.#troubles = 0;
      return next;
    } catch (error) {
      if (!(error instanceof QueueError) || error.code === 'store_lost') throw error;
      await this.#waitOut(error);
      return session;
    }
  }

  async #work(session: Session): Promise<Session | null> {
    if (this.#slots.staleInMs === 0) this.#slots.dropWaiting();
    if (this.#rang && this.#slots.staleInMs < Infinity) await this.#heedPauses();
    const { reportInMs } = this.#slots;
    if (reportInMs === 0) return this.#exchange(session);
    if (reportInMs !== null) return this.#sleep(reportInMs, session);
    const outlook = await this.#store.outlook(session);
    if (!outlook.sessionLives) return this.#startAfresh(session);
    for (const run of outlook.cancels) this.#slots.cancel(run);
    this.#heedStop(outlook.stopRequested);
    if (this.#stopping === null && outlook.ready && this.#slots.free > 0) return this.#exchange(session);
    if (this.#slots.isIdle && (this.#stopping !== null || (await this.#isEmpty()))) return this.#end(session);
    return this.#sleep(this.#sleepMs(outlook), session);
  }

  #hear(): void {
    this.#rang = true;
    this.#wakeUp.wake();
  }

  /** What was claimed ahead starts without asking the store: it must not outlive a pause by more than the bell takes. */
  async #heedPauses(): Promise<void> {
    this.#rang = false;
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
    const free = this.#stopping === null ? report.free : 0;
    const answer = await this.#store.exchange(session, { ...report, free });
    const { claims, lost, cancelled, cancels, stopRequested } = answer;
    this.#slots.reported(report);
    if (finished.length > 0) failpoint('finish.after_commit');
    if (claims.length > 0) failpoint('claim.after_commit');
    for (const run of finished)
      this.#slots.settle(run, isIn(lost, run) ? 'refused' : isIn(cancelled, run) ? 'cancelled' : 'accepted');
    if (finished.length > 0) failpoint('finish.after_cleanup');
    for (const key of lost) this.#slots.disown(key, SHORT_GRACE_MS);
    for (const run of cancels) this.#slots.cancel(run);
    this.#slots.take(claims);
    this.#heedStop(stopRequested);
    if (this.#stopping !== null) this.#slots.dropWaiting();
    return session;
  }

  /** How long nothing can happen that nobody rings for. A job that falls due matters only to a free slot. */
  #sleepMs({ nextDueMs }: Outlook): number {
    const hasRoom = this.#slots.free > 0 && this.#stopping === null;
    const untilDueMs = hasRoom ? (nextDueMs ?? Infinity) : Infinity;
    return Math.min(this.#pollIntervalMs, untilDueMs, this.#slots.staleInMs);
  }

  async #isEmpty(): Promise<boolean> {
    const { untilEmpty, queues = null } = this.#options;
    if (untilEmpty !== true || !(await this.#store.isDrained(queues))) return false;
    await announcePaused(this.#store, queues);
    return true;
  }

  async #openSession(name: string | undefined): Promise<Session> {
    const queues = this.#options.queues ?? null;
    const { slots } = this.#options;
    const launcherLock = this.#launcherLock;
    const handlers = [...(this.#runsCommands ? [''] : []), ...this.#handlers.keys()];
    const owner = { ...thisProcess(), kind: 'worker', name, slots, queues, handlers, launcherLock } as const;
    const session = await this.#store.openSession(owner);
    emit({ event: 'worker.named', name: session.name ?? '' });
    return session;
  }

  get #runsCommands(): boolean {
    return this.#options.commands ?? true;
  }

  async #openLauncher(): Promise<Launcher | null> {
    if (!this.#runsCommands) return null;
    return this.#options.launcher ?? openLauncher(this.#store.newLockFile());
  }

  async #end(session: Session): Promise<null> {
    await this.#store.closeSession(session);
    return null;
  }

  /** Others took this session for dead, and its jobs: what still runs is ended before anything else is claimed. */
  async #startAfresh({ name }: Session): Promise<Session> {
    emit({ event: 'worker.lost_session' });
    await this.#endAll();
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

  /** A store in trouble is waited out: jobs run on, and their results are kept until they can be written. */
  async #waitOut({ message }: QueueError): Promise<void> {
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#troubles, LONGEST_RETRY_MS);
    this.#troubles += 1;
    emit({ event: 'worker.trouble', message, retryMs });
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

function checkQueues(queues: WorkerOptions['queues']): void {
  for (const name of queues ?? []) readValue({ kind: 'name' }, name, 'a queue');
  if (queues?.length === 0)
    throw usageError('a worker of no queue has nothing to do', 'leave "queues" out for all of them');
}

function isIn(keys: readonly RunKey[], { seq, run }: RunKey): boolean {
  return keys.some((key) => key.seq === seq && key.run === run);
}
