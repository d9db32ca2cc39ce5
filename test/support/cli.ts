/** The real binary, each test with a home of its own and without a process left behind. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { killQuietly, pidsWithEnv, waitUntil } from './processes.js';
import { BINARY, takeDatabase } from './test-database.js';

export { BINARY };

/** For a shell script: makes `queuectl` the binary. */
export const SHELL_FUNCTION = `queuectl() { '${process.execPath}' '${BINARY}' "$@"; }`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of stdout, for output that is no text. */
  readonly bytes: Buffer;
}

export interface StartOptions {
  readonly input?: string | Buffer;
  /** Added to the environment; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Runs this instead of Node and the binary, with the arguments after it: `setpriv …`. */
  readonly prefix?: readonly string[];
}

export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  /** Resolves once it has printed the text on stdout. */
  saw(text: string): Promise<void>;
  /** Sends the signal and resolves once it has ended. */
  kill(signal: NodeJS.Signals): Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}

export interface Cli {
  /** A directory of the test's own; commands run in it, and it is gone afterwards. */
  readonly directory: string;
  readonly home: string;
  /** The URL of its database; null: it is in the home. */
  readonly database: string | null;
  /** A path in the directory, and what such a file holds: nothing where it is missing. */
  path(name: string): string;
  read(name: string): string;
  start(args: readonly string[], options?: StartOptions): Started;
  run(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** Runs a line of shell in which `queuectl` is the binary. */
  shell(line: string, options?: StartOptions): Promise<Ended>;
  /** Runs a command that must exit with 0; its stdout. */
  ok(...args: string[]): Promise<string>;
  /** The same with --json; what it printed, parsed. */
  json<T = Record<string, unknown>>(...args: string[]): Promise<T>;
  /** Enqueues the jobs, one a line, with a single command. */
  enqueueAll(jobs: readonly object[]): Promise<void>;
  /** Starts a worker and resolves once it polls. */
  startWorker(flags?: readonly string[], options?: StartOptions): Promise<Started>;
  /** Runs a worker until nothing is left to do; what it printed. */
  drain(...flags: string[]): Promise<string>;
}

export function createCli(): Cli {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-e2e-'));
  const home = join(directory, 'home');
  const running = new Set<number>();
  const taken = takeDatabase();
  const database = taken?.url ?? null;
  onTestFinished(async () => {
    const ours = new Set(running);
    const left = pidsWithEnv('QUEUECTL_HOME', home).filter((pid) => !ours.has(pid));
    for (const pid of [...running, ...left]) killQuietly(pid);
    await waitUntil(() => pidsWithEnv('QUEUECTL_HOME', home).length === 0, { what: 'all to end' });
    taken?.giveBack();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    if (left.length > 0) throw new Error(`the test left processes behind: ${left.join(', ')}`);
  });

  const start = (args: readonly string[], options: StartOptions = {}): Started => {
    const started = startProcess(args, { directory, home, database, ...options });
    running.add(started.pid);
    void started.ended.then(() => running.delete(started.pid));
    return started;
  };
  const run = (args: readonly string[], options?: StartOptions): Promise<Ended> => start(args, options).ended;
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args);
    expect({ args, code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  return {
    directory,
    home,
    database,
    path: (name) => join(directory, name),
    read: (name) => readOrEmpty(join(directory, name)),
    start,
    run,
    shell: (line, options) => run([`${SHELL_FUNCTION}\n${line}`], { ...options, prefix: ['sh', '-c'] }),
    ok,
    json: async (...args) => JSON.parse(await ok('--json', ...args)),
    enqueueAll: async (jobs) => {
      const input = jobs.map((job) => `${JSON.stringify(job)}\n`).join('');
      expect(await run(['enqueue', '-q', '-'], { input })).toMatchObject({ code: 0, stderr: '' });
    },
    startWorker: async (flags = [], options) => {
      const worker = start(['worker', 'start', ...flags], options);
      await worker.saw('Polling for jobs...');
      return worker;
    },
    drain: (...flags) => ok('worker', 'start', '--until-empty', ...flags),
  };
}

function startProcess(
  args: readonly string[],
  {
    directory,
    home,
    database,
    prefix = [process.execPath, BINARY],
    ...options
  }: StartOptions & Pick<Cli, 'directory' | 'home' | 'database'>,
): Started {
  const [file = '', ...words] = [...prefix, ...args];
  const child = spawn(file, words, {
    cwd: options.cwd ?? directory,
    // A bare environment: nothing of the machine's changes what a test sees.
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      QUEUECTL_HOME: home,
      ...(database !== null && { QUEUECTL_DATABASE_URL: database }),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} did not start`);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  // A process that ends before it has read its input resets the sockets that Node makes of pipes.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A command that reads no input closes it early.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      const bytes = Buffer.concat(out);
      resolve({ code, signal, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() });
    });
  });
  const stdout = (): string => Buffer.concat(out).toString();
  const stderr = (): string => Buffer.concat(err).toString();
  return {
    pid,
    ended,
    stdout,
    stderr,
    saw: async (text) => {
      const seen = (): boolean => stdout().includes(text);
      await waitUntil(() => seen() || over, { what: `the words "${text}"` });
      if (!seen()) throw new Error(`it ended without the words "${text}":\n${stdout()}${stderr()}`);
    },
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
    signal: (signal) => void child.kill(signal),
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Is there such a program on this machine? */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** The lines of a text that ends with a newline, or of nothing. */
export function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/** The most memory that the process ever had, in MiB; 0 where it has ended. Linux only. */
export function peakMemory(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0;
  return Number(kilobytes) / 1024;
}
