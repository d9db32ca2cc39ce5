/** Calls of the command line, each a process of its own. */
import { spawn } from 'node:child_process';
import type { Failpoint } from '../../../src/failpoint.js';
import { killQuietly } from '../../support/processes.js';
import { SET_PRIORITY } from '../checkers/evidence.js';
import type { AskedJob, ChangeCall, Operation } from '../checkers/evidence.js';
import { uptimeS } from './clock.js';
import { testCommandLine } from './world.js';
import type { World } from './world.js';

/** A machine of its own: its home, and what a command there begins with. */
export interface Place {
  readonly home: string;
  readonly enter: readonly string[];
  /** Everything on it may be killed at once. */
  readonly mayDie: boolean;
}

export type Fate = {
  /** Elsewhere than in the world's own home. */
  readonly place?: Place;
  /** Another program than the command line, which takes the same words. */
  readonly program?: string;
  /** `claim.after_commit:2=kill9`: what the process does to itself. */
  readonly failpoint?: `${Failpoint}${string}=${string}`;
  /** KILL after so many milliseconds. */
  readonly killAfterMs?: number;
  readonly env?: Readonly<Record<string, string>>;
};

interface Ended {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function environment(world: World, { failpoint, place, env = {} }: Fate): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: world.base,
    ...(world.database !== null && { QUEUECTL_DATABASE_URL: world.database }),
    QUEUECTL_HOME: place?.home ?? world.home,
    ...(failpoint !== undefined && { QUEUECTL_FAILPOINT: failpoint }),
    ...env,
  };
}

/** The queue's own command, with these words, where it is to run; what enters a place becomes the command. */
export function commandLine(
  { place, program: script }: Fate,
  words: readonly string[],
): [string, ...string[]] {
  const [program = process.execPath, ...args] = [
    ...(place?.enter ?? []),
    process.execPath,
    script ?? testCommandLine(),
    ...words,
  ];
  return [program, ...args];
}

/** Runs one command to its end, however that comes. */
async function runCommand(
  world: World,
  words: readonly string[],
  fate: Fate = {},
  stdin = '',
): Promise<Ended> {
  const [program, ...args] = commandLine(fate, words);
  const child = spawn(program, args, { env: environment(world, fate), cwd: world.base });
  const { pid } = child;
  if (pid === undefined) throw new Error('the command did not start');
  const startS = uptimeS();
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined).end(stdin);
  const timer =
    fate.killAfterMs === undefined ? undefined : setTimeout(() => killQuietly(pid), fate.killAfterMs);
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  );
  clearTimeout(timer);
  if (signal === 'SIGKILL' && (timer !== undefined || fate.failpoint !== undefined))
    world.addFault('kill', startS, pid);
  return { pid, exitCode, signal, stdout, stderr };
}

async function call(
  world: World,
  /** `ids`: of a change, what it is asked for. */
  operation: Pick<Operation, 'call' | 'jobs'> & Partial<Pick<Operation, 'ids'>>,
  words: readonly string[],
  fate: Fate,
  stdin = '',
): Promise<Operation> {
  const startS = uptimeS();
  const { exitCode, stdout, stderr } = await runCommand(world, words, fate, stdin);
  const mayBeKilled =
    fate.killAfterMs !== undefined || fate.failpoint !== undefined || fate.place?.mayDie === true;
  const killed = exitCode === null && mayBeKilled;
  const ids = operation.ids ?? wholeLines(stdout);
  const done = { ...operation, ids, startS, endS: uptimeS(), exitCode, killed, stdout, stderr };
  world.addOperation(done);
  return done;
}

/** What was printed in full: a killed process may leave half a line. */
function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

export function enqueue(
  world: World,
  job: AskedJob,
  fate: Fate = {},
  more?: Readonly<Record<string, unknown>>,
): Promise<Operation> {
  return call(world, { call: 'enqueue', jobs: [job] }, ['enqueue', '-q', world.json(job, more)], fate);
}

/** Many jobs by one call, as lines on its standard input. */
export function enqueueBulk(
  world: World,
  jobs: readonly AskedJob[],
  fate: Fate = {},
  more: (index: number) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<Operation> {
  const lines = jobs.map((job, index) => `${world.json(job, more(index))}\n`).join('');
  return call(world, { call: 'bulk', jobs }, ['enqueue', '-q', '-'], fate, lines);
}

export function retryDead(world: World, ids: readonly string[], fate: Fate = {}): Promise<Operation> {
  return call(world, { call: 'retry', jobs: [], ids }, ['dlq', 'retry', ...ids], fate);
}

/** Removes what is old; of jobs that the world does not know. */
export async function prune(world: World, fate: Fate = {}): Promise<{ readonly killed: boolean }> {
  const { signal } = await runCommand(world, ['prune', '--older-than', '30d', '--yes'], fate);
  return { killed: signal === 'SIGKILL' };
}

export function cancel(world: World, ids: readonly string[], fate: Fate = {}): Promise<Operation> {
  return call(world, { call: 'cancel', jobs: [], ids }, ['cancel', '--json', ...ids], fate);
}

const CHANGES: Readonly<Record<ChangeCall, readonly string[]>> = {
  hold: ['hold'],
  release: ['release'],
  set: ['set', '--priority', String(SET_PRIORITY)],
  remove: ['rm'],
};

export function change(
  world: World,
  what: ChangeCall,
  ids: readonly string[],
  fate: Fate = {},
): Promise<Operation> {
  return call(world, { call: what, jobs: [], ids }, [...CHANGES[what], '--json', ...ids], fate);
}

/** `list`, `status` or `worker stop`. */
export function ask(world: World, what: 'list' | 'status' | 'stop', fate: Fate = {}): Promise<Operation> {
  const words = {
    list: ['list', '-q', '--state', 'all', '--limit', '50'],
    status: ['status', '--json'],
    stop: ['worker', 'stop', '-q'],
  };
  return call(world, { call: what, jobs: [] }, words[what], fate);
}
