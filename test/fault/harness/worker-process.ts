/** Real worker processes, which the tests kill, stop and continue. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { isAlive, killQuietly, launcherPid, processState, waitUntil } from '../../support/processes.js';
import { uptimeS } from './clock.js';
import { commandLine, environment } from './client.js';
import type { Fate } from './client.js';
import type { World } from './world.js';

export interface WorkerOptions extends Fate {
  readonly slots?: number;
  /** All of them, unless named. */
  readonly queues?: string;
  readonly untilEmpty?: boolean;
}

/** How it ended, and when. */
export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly atS: number;
}

export class WorkerProcess {
  readonly pid: number;
  readonly log: string;
  /** Resolves when it has ended, however. A death by KILL is recorded as a fault. */
  readonly ended: Promise<WorkerEnd>;
  end: WorkerEnd | null = null;
  readonly #world: World;

  constructor(world: World, options: WorkerOptions = {}) {
    this.#world = world;
    this.log = world.workerLog();
    const words = [
      'worker',
      'start',
      '--count',
      String(options.slots ?? 2),
      ...(options.queues === undefined ? [] : ['--queues', options.queues]),
      ...(options.untilEmpty === true ? ['--until-empty'] : []),
    ];
    const file = openSync(this.log, 'a');
    const [program, ...args] = commandLine(options, words);
    const child = spawn(program, args, {
      env: environment(world, options),
      cwd: world.base,
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    if (child.pid === undefined) throw new Error('the worker did not start');
    this.pid = child.pid;
    this.ended = new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        this.end = { exitCode, signal, atS: uptimeS() };
        if (signal === 'SIGKILL') world.addFault('kill', this.end.atS, this.pid);
        resolve(this.end);
      });
    });
  }

  text(): string {
    return readFileSync(this.log, 'utf8');
  }

  async kill(): Promise<void> {
    killQuietly(this.pid);
    await this.ended;
  }

  get launcher(): number | null {
    return launcherPid(this.pid);
  }

  /** Kills its launcher alone, where it has one just now; recorded as a fault of this worker. */
  killLauncher(): void {
    const { launcher } = this;
    if (launcher === null) return;
    killQuietly(launcher);
    this.#world.addFault('kill', uptimeS(), this.pid);
  }

  /** Asks it to finish what it runs; resolves when it has ended, and rejects after the time given. */
  async stop(timeoutMs = 60_000): Promise<WorkerEnd> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    return this.endsWithin(timeoutMs);
  }

  async endsWithin(timeoutMs: number): Promise<WorkerEnd> {
    return waitUntil(() => this.end, { what: `the end of worker ${this.pid}: ${this.log}`, timeoutMs });
  }

  signal(signal: NodeJS.Signals): void {
    if (this.end === null) process.kill(this.pid, signal);
  }

  get isStopped(): boolean {
    return processState(this.pid) === 'T';
  }

  /** Looks at its memory, descriptors and threads, if it still lives. */
  sample(world: World): void {
    if (!isAlive(this.pid)) return;
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
      const number = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      const descriptors = readdirSync(`/proc/${this.pid}/fd`).length;
      world.samples.push({ pid: this.pid, rssKb: number('VmRSS'), threads: number('Threads'), descriptors });
    } catch {
      // It ended meanwhile.
    }
  }
}
