/** One queue of its own in a temporary directory, and the record of all that is done to it. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { killQuietly, pidsWithEnv } from '../../support/processes.js';
import { takeDatabase } from '../../support/test-database.js';
import type { AskedJob, Fault, FaultKind, JobKind, Operation, Sample } from '../checkers/evidence.js';
import { bootTimeS, uptimeS } from './clock.js';
import { ledgerCommand, writeJobScripts } from './job-scripts.js';
import { Random } from './random.js';

export interface WorldOptions {
  readonly seed: number;
  /** Puts the home on a file system of its own of this size, where the system allows that. */
  readonly tmpfsBytes?: number;
}

export class World {
  readonly base = mkdtempSync(join(tmpdir(), 'queuectl-fault-'));
  readonly home = join(this.base, 'disk', 'home');
  readonly disk = join(this.base, 'disk');
  /** The home's file system is its own, and can be filled. */
  readonly hasOwnDisk: boolean;
  readonly #taken = takeDatabase();
  /** The URL of its database; null: it is in the home. */
  readonly database = this.#taken?.url ?? null;
  readonly ledgerFile = join(this.base, 'ledger');
  readonly bootS = bootTimeS();
  readonly random: Random;
  readonly operations: Operation[] = [];
  readonly faults: Fault[] = [];
  readonly samples: Sample[] = [];
  readonly #history: number;
  #isOver = false;
  #marks = 0;
  #workers = 0;

  constructor({ seed, tmpfsBytes }: WorldOptions) {
    this.random = new Random(seed);
    for (const name of ['disk', 'locks', 'tried']) mkdirSync(join(this.base, name));
    this.hasOwnDisk = tmpfsBytes !== undefined && mountTmpfs(this.disk, tmpfsBytes);
    appendFileSync(this.ledgerFile, '');
    writeJobScripts(this.base);
    this.#history = openSync(join(this.base, 'history'), 'a');
  }

  /** A new job to ask for. */
  askFor(kind: JobKind, id: string | null = null): AskedJob {
    this.#marks += 1;
    return { mark: `m${this.#marks}`, id, kind };
  }

  /** The job as the command line takes it. Its retries come soon, so that a history holds many of them. */
  json({ mark, id, kind }: AskedJob, more: Readonly<Record<string, unknown>> = {}): string {
    const command = ledgerCommand(this.base, kind, mark);
    const retries = { max_retries: 2, backoff_base: 1, backoff_max: '200ms' };
    return JSON.stringify({ ...(id !== null && { id }), command, ...retries, ...more });
  }

  workerLog(): string {
    this.#workers += 1;
    return join(this.base, `worker-${this.#workers}.log`);
  }

  addOperation(operation: Operation): void {
    this.operations.push(operation);
    this.#record({ ...operation, stdout: operation.stdout.slice(0, 200) });
  }

  /** A fault that began at `startS` and is over now. */
  addFault(fault: FaultKind, startS: number, pid: number | null = null): void {
    const record: Fault = { fault, startS, endS: uptimeS(), pid };
    this.faults.push(record);
    this.#record(record);
  }

  /** On the disk before the run goes on, so that a crash of the test itself leaves its story. */
  #record(record: object): void {
    if (this.#isOver) return;
    writeSync(this.#history, `${JSON.stringify(record)}\n`);
    fsyncSync(this.#history);
  }

  /** Ends what still runs of it, jobs included. */
  remove(): void {
    this.#isOver = true;
    for (const pid of pidsWithEnv('HOME', this.base)) killQuietly(pid);
    closeSync(this.#history);
    this.#taken?.giveBack();
    if (this.hasOwnDisk) execFileSync('umount', ['--lazy', this.disk]);
    rmSync(this.base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** False: only root can, and not in every container. */
function mountTmpfs(directory: string, bytes: number): boolean {
  try {
    const options = `size=${bytes},mode=0700`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'queuectl', directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The command line with its fail-points, as `node scripts/build.mjs --test` makes it. */
export function testCommandLine(): string {
  return join(projectRoot(), 'dist-test', 'bin', 'queuectl.cjs');
}

/** Also from within a bundle, wherever that was put. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
