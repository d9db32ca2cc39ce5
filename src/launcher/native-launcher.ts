import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { bootMs, type Deadline } from '../boot-clock.js';
import { failpoint } from '../failpoint.js';
import type { Launcher, LaunchSpec } from './launcher.js';
import { endLeftovers } from './leftovers.js';
import {
  type NativeExit,
  noStart,
  refused,
  stoppedBeforeStart,
  toExit,
  toStartFailure,
} from './native-exit.js';
import { LauncherProcess } from './native-process.js';
import { type NativeLaunchSpec, startError, toStartCommand, toWords } from './native-spec.js';
import type { LauncherEvent } from './protocol.js';
import { graceOf, isStopped, onStop, SIGTERM, type StopRequest, type StopSource } from './stop.js';

export interface NativeLauncherOptions {
  /** From nativeLauncherPath(). */
  readonly program: string;
  /** The launcher holds SQLite's locks on this file until the last process of its runs is gone. Made if missing. */
  readonly lockFile?: string;
}

interface Running {
  readonly spec: NativeLaunchSpec;
  readonly settle: (exit: NativeExit) => void;
  onOutput: NativeLaunchSpec['onOutput'];
}

const FIRST_RESTART_MS = 100;
const LONGEST_RESTART_MS = 10_000;

/**
 * Starts, watches and ends processes by a small program beside this one (native/), which outlives nothing: when this
 * process dies, it ends all that runs. When it dies itself, what it ran is ended here, and the next run starts another.
 */
export class NativeLauncher {
  readonly name = 'native';
  readonly capabilities: Launcher['capabilities'] = {
    usage: true,
    outlivesNothing: true,
    pipes: true,
    limits: true,
    records: true,
    queues: true,
    deadlines: true,
  };
  readonly #options: NativeLauncherOptions;
  readonly #running = new Map<number, Running>();
  #process: LauncherProcess | null = null;
  #starting: Promise<LauncherProcess> | null = null;
  #greeted = false;
  #onGreeting: (() => void)[] = [];
  /** What the program was told that its starts share. */
  #sharedEnv: NativeLaunchSpec['sharedEnv'];
  #deaths = 0;
  #lastRun = 0;
  #deadline: Deadline | null = null;
  #withdrawals = 0;

  constructor(options: NativeLauncherOptions) {
    this.#options = options;
  }

  get lockFile(): string | null {
    return this.#options.lockFile ?? null;
  }

  /** Resolves once the launcher is up and holds its lock; rejects with the reason where it cannot be. */
  async ready(): Promise<void> {
    const process = this.#process ?? (await this.#startProcess());
    if (this.#greeted) return;
    process.keepAlive(true);
    const why = await Promise.race([
      process.ended,
      new Promise<null>((ok) => this.#onGreeting.push(() => ok(null))),
    ]);
    this.#keepAliveIfBusy();
    if (why !== null) throw new Error(why);
  }

  /** As Launcher.run, with more to ask for and more to tell. */
  run(spec: NativeLaunchSpec, stop: StopSource): Promise<NativeExit> {
    if (isStopped(stop)) return Promise.resolve(stoppedBeforeStart());
    // No promise between the call and the start, where the launcher is up.
    if (this.#process !== null) return this.#run(this.#process, spec, stop);
    const withdrawals = this.#withdrawals;
    return this.#startProcess().then((process) => {
      const isWithdrawn = spec.places !== undefined && withdrawals !== this.#withdrawals;
      return isStopped(stop) || isWithdrawn ? stoppedBeforeStart() : this.#run(process, spec, stop);
    });
  }

  /** As Launcher.setDeadline, even while this process is stopped. */
  setDeadline(deadline: Deadline | null): void {
    this.#deadline = deadline;
    this.#sendDeadline();
  }

  /** As Launcher.withdraw. */
  withdraw(): void {
    this.#withdrawals += 1;
    this.#process?.send((writer) => writer.withdraw());
  }

  /** Ends every run (TERM, KILL after 1 s) and the launcher, and removes its lock. Resolves when all are gone. */
  async close(): Promise<void> {
    const process = this.#process ?? (await this.#starting);
    if (process === null) return;
    process.close();
    await process.ended;
    if (this.lockFile !== null) rmSync(this.lockFile, { force: true });
  }

  #run(process: LauncherProcess, spec: NativeLaunchSpec, stop: StopSource): Promise<NativeExit> {
    this.#lastRun = (this.#lastRun % 0xffff_fffe) + 1;
    const run = this.#lastRun;
    const start = toStartCommand(run, this.#share(process, spec));
    if ('cause' in start) return Promise.resolve(start);
    failpoint('run.before_note');
    failpoint('run.before_spawn');
    if (!process.send((writer) => writer.start(start))) return Promise.resolve(startError('E2BIG', spec));
    const stopListening = onStop(stop, (request) => endRun(process, run, spec, request));
    if (this.#running.size === 0) process.keepAlive(true);
    return new Promise((resolve) => {
      const settle = (exit: NativeExit): void => {
        this.#running.delete(run);
        stopListening();
        this.#keepAliveIfBusy();
        spec.onEnded?.();
        resolve(exit);
      };
      this.#running.set(run, { spec, settle, onOutput: spec.onOutput });
    });
  }

  /** The program takes one environment for many starts; a start with another one brings it whole. */
  #share(process: LauncherProcess, spec: NativeLaunchSpec): NativeLaunchSpec {
    const { sharedEnv } = spec;
    if (sharedEnv === undefined || sharedEnv === this.#sharedEnv) return spec;
    if (this.#sharedEnv === undefined && process.send((writer) => writer.shared(toWords(sharedEnv)))) {
      this.#sharedEnv = sharedEnv;
      return spec;
    }
    const { sharedEnv: _, ...rest } = spec;
    return { ...rest, env: { ...sharedEnv, ...spec.env } };
  }

  async #startProcess(): Promise<LauncherProcess> {
    this.#starting ??= this.#spawn().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #spawn(): Promise<LauncherProcess> {
    const { program } = this.#options;
    // One that dies at once must not be started in a busy loop.
    if (this.#deaths > 0)
      await delay(Math.min(FIRST_RESTART_MS * 2 ** (this.#deaths - 1), LONGEST_RESTART_MS));
    this.#greeted = false;
    this.#sharedEnv = undefined;
    const process = new LauncherProcess(program, this.lockFile, (event) => this.#hear(process, event));
    this.#process = process;
    void process.ended.then((why) => this.#buryProcess(why));
    this.#sendDeadline();
    this.#keepAliveIfBusy();
    return process;
  }

  #hear(process: LauncherProcess, event: LauncherEvent): void {
    if (event.type === 'hello') return this.#welcome();
    const running = this.#running.get(event.run);
    if (running === undefined) return;
    switch (event.type) {
      case 'started':
        failpoint('run.after_spawn');
        failpoint('run.after_note');
        return running.spec.onStarted?.();
      case 'output':
        return passOn(process, running, event.stream, event.bytes);
      case 'exit':
        this.#deaths = 0;
        return running.settle(toExit(event, running.spec));
      case 'start_failed':
        return running.settle(toStartFailure(event.errno, event.stage, running.spec));
      case 'error':
        return running.settle(refused(`the launcher refused: ${event.message}`));
    }
  }

  #welcome(): void {
    this.#greeted = true;
    for (const tell of this.#onGreeting.splice(0)) tell();
  }

  /** The kernel has killed the leaders; what else is left of each run is found by its note and ended before it is reported. */
  async #buryProcess(why: string): Promise<void> {
    const isGreeted = this.#greeted;
    this.#process = null;
    this.#greeted = false;
    this.#deaths += 1;
    await Promise.all(
      [...this.#running.values()].map(({ spec, settle }) => bury(spec, isGreeted, why).then(settle)),
    );
  }

  #sendDeadline(): void {
    const process = this.#process;
    if (process === null) return;
    const deadline = this.#deadline;
    process.send((writer) =>
      deadline === null
        ? writer.deadline(0, 0, 0)
        : writer.deadline(toMonotonicUs(deadline.askedAtMs), deadline.termAfterMs, deadline.killAfterMs),
    );
  }

  #keepAliveIfBusy(): void {
    if (this.#running.size === 0) this.#process?.keepAlive(false);
  }
}

/** By the clock of the launcher, at this moment: it stands still while the machine sleeps. Never before its beginning. */
function toMonotonicUs(bootClockMs: number): number {
  const agoUs = Math.max(0, bootMs() - bootClockMs) * 1000;
  return Math.max(0, Math.floor(Number(process.hrtime.bigint() / 1000n) - agoUs));
}

function endRun(process: LauncherProcess, run: number, spec: LaunchSpec, request: StopRequest): void {
  const graceMs = graceOf(request, spec);
  const { signal = SIGTERM } = request;
  process.send((writer) => (graceMs === 0 ? writer.endNow(run) : writer.end(run, signal, graceMs)));
}

function passOn(
  process: LauncherProcess,
  running: Running,
  stream: 'stdout' | 'stderr',
  bytes: Uint8Array,
): void {
  try {
    const taken = running.onOutput?.(stream, bytes);
    if (taken instanceof Promise) process.pauseUntil(taken);
  } catch {
    running.onOutput = undefined; // Nobody reads any more (a closed terminal): the run goes on, and so does its log.
  }
}

async function bury(spec: LaunchSpec, isGreeted: boolean, why: string): Promise<NativeExit> {
  if (!isGreeted) return noStart(why);
  const { note } = await endLeftovers(spec.noteFile);
  // It waited for a place: no fault of the machine, so it need not wait for that to be over.
  if (note === 'missing') return spec.places === undefined ? noStart(why) : stoppedBeforeStart();
  return { cause: 'launcher_died', exitCode: null, signal: null, message: `lost: ${why}` };
}
