/** The workers of a soak: as many as it wants, replaced when they die. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from '../checkers/evidence.js';
import { clockEnvironment, FAKETIME } from '../harness/faketime.js';
import { WorkerProcess } from '../harness/worker-process.js';
import type { World } from '../harness/world.js';

const UNAVAILABLE = 5;

export interface Member {
  readonly worker: WorkerProcess;
  /** The file that sets its clock; null: it has the true one. */
  readonly clockFile: string | null;
}

export class Fleet {
  readonly #world: World;
  readonly #all: WorkerProcess[] = [];
  #members: Member[] = [];
  #started = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get living(): readonly Member[] {
    return this.#members.filter(({ worker }) => worker.end === null);
  }

  get canSetClocks(): boolean {
    return FAKETIME !== null;
  }

  /** Starts workers until so many live. Every other one has a clock that can be set. */
  fillUp(wanted: number): void {
    this.#members = [...this.living];
    while (this.#members.length < wanted) this.#members.push(this.#start());
  }

  #start(): Member {
    this.#started += 1;
    const clockFile =
      FAKETIME !== null && this.#started % 2 === 0 ? join(this.#world.base, `clock-${this.#started}`) : null;
    if (clockFile !== null) writeFileSync(clockFile, '+0\n');
    const worker = new WorkerProcess(this.#world, {
      slots: this.#world.random.between(1, 4),
      env: clockFile === null ? {} : clockEnvironment(clockFile),
    });
    this.#all.push(worker);
    return { worker, clockFile };
  }

  /** Workers that ended although nobody asked for it and the store was well; known once all faults are over. */
  unexpectedEnds(): string[] {
    return this.#all.flatMap(({ pid, end, log }) => {
      if (end === null || end.exitCode === 0 || end.signal === 'SIGKILL') return [];
      const inTrouble = this.#world.faults.some((fault) => isTrouble(fault, end.atS));
      if (end.exitCode === UNAVAILABLE && inTrouble) return [];
      return [`worker ${pid} ended: ${end.signal ?? end.exitCode}: ${readFileSync(log, 'utf8').slice(-300)}`];
    });
  }

  sample(): void {
    for (const { worker } of this.living) worker.sample(this.#world);
  }
}

/** How long a worker may take to find that it cannot begin. */
const START_S = 10;

const TROUBLES: ReadonlySet<Fault['fault']> = new Set(['disk_full', 'lock', 'terminate']);

function isTrouble({ fault, startS, endS }: Fault, atS: number): boolean {
  return TROUBLES.has(fault) && startS <= atS && atS <= endS + START_S;
}
