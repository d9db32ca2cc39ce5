/** One machine: a network, a host name and a home of its own, and the workers that live there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { killQuietly, pidsWithEnv } from '../../support/processes.js';
import { clockEnvironment, FAKETIME } from '../harness/faketime.js';
import type { Fate, Place } from '../harness/client.js';
import { WorkerProcess } from '../harness/worker-process.js';
import type { World } from '../harness/world.js';

export interface HostOptions {
  readonly index: number;
  readonly name: string;
  readonly enter: readonly string[];
  /** Of the database, as it is reached from there. */
  readonly url: string;
  readonly lease: string | null;
}

export class Host {
  readonly index: number;
  readonly name: string;
  readonly place: Place;
  /** The clock of its workers; null: it cannot be set. */
  readonly clockFile: string | null;
  /** No new worker is started, and no other fault is to come, until it is done with. */
  isBusy = false;
  readonly #world: World;
  readonly #env: Readonly<Record<string, string>>;
  readonly #all: WorkerProcess[] = [];

  constructor(world: World, { index, name, enter, url, lease }: HostOptions) {
    this.#world = world;
    this.index = index;
    this.name = name;
    const home = join(world.base, name);
    mkdirSync(home, { mode: 0o700 });
    // It ends with this process, should that be killed before it can end it.
    this.place = { home, enter: [...enter, 'setpriv', '--pdeathsig', 'KILL', '--'], mayDie: true };
    this.#env = { QUEUECTL_DATABASE_URL: url, ...(lease !== null && { QUEUECTL_LEASE: lease }) };
    this.clockFile = FAKETIME === null ? null : join(world.base, `clock-${name}`);
    this.setClock(0);
  }

  /** Of a command that runs here. */
  fate(more: Fate = {}): Fate {
    return { ...more, place: this.place, env: { ...this.#env, ...more.env } };
  }

  get living(): readonly WorkerProcess[] {
    return this.#all.filter(({ end }) => end === null);
  }

  fillUp(wanted: number): void {
    while (this.living.length < wanted) this.start();
  }

  start(slots = this.#world.random.between(2, 5)): WorkerProcess {
    const clock = this.clockFile === null ? {} : clockEnvironment(this.clockFile);
    const worker = new WorkerProcess(this.#world, { slots, ...this.fate({ env: clock }) });
    this.#all.push(worker);
    return worker;
  }

  setClock(offsetS: number): void {
    if (this.clockFile !== null) writeFileSync(this.clockFile, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
  }

  /** As when its power fails: whatever runs here ends at once, jobs and launchers, too. */
  async die(): Promise<void> {
    const victims = this.living;
    for (const { pid, launcher } of victims) {
      killQuietly(pid);
      if (launcher !== null) killQuietly(launcher);
    }
    for (const pid of pidsWithEnv('QUEUECTL_HOME', this.place.home)) killQuietly(pid);
    await Promise.all(victims.map(({ ended }) => ended));
  }

  /** Workers that ended though nobody asked for it; but one may find the server away when it begins. */
  unexpectedEnds(): string[] {
    return this.#all.flatMap(({ pid, end, log }) => {
      if (end === null || end.exitCode === 0 || end.signal === 'SIGKILL') return [];
      const text = readFileSync(log, 'utf8');
      if (end.exitCode === UNAVAILABLE && !text.includes('Polling')) return [];
      return [`worker ${pid} of ${this.name} ended: ${end.signal ?? end.exitCode}: ${text.slice(-300)}`];
    });
  }

  sample(): void {
    for (const worker of this.living) worker.sample(this.#world);
  }
}

const UNAVAILABLE = 5;
