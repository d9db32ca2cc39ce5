/** `worker start --detach`: a worker in a session of its own, which no terminal ends. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { QueueError } from '../errors.js';
import { makeDirectory } from '../home.js';
import type { Queue } from '../queue.js';
import { formatDuration } from '../time.js';
import { DETACHED_VARIABLE } from './detached-link.js';
import type { FirstWord } from './detached-link.js';
import { liveWorkers } from './live-workers.js';
import { onEndSignal } from './signals.js';
import type { EndSignal } from './signals.js';
import { openToAppend, removeOldLogs, workerLog } from './worker-log/files.js';

export interface DetachOptions {
  /** Missing: a free one. */
  readonly name: string | undefined;
  /** What follows `worker start` there. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** It has failed if it does not run by then. */
  readonly limitMs: number;
}

export interface DetachedWorker {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
}

/** Two starts at once may choose the same free name: the one that comes second chooses again. */
const MOST_TRIES = 20;

/**
 * Resolves once the worker runs, that is: its session is stored; or with the signal that ended the wait, and the worker.
 * Throws what kept it from running: `conflict` where a living worker has its name.
 */
export async function startDetached(
  queue: Queue,
  options: DetachOptions,
): Promise<DetachedWorker | EndSignal> {
  const { workersDir } = queue.store;
  makeDirectory(workersDir);
  for (let tries = 1; ; tries += 1) {
    const living = (await liveWorkers(queue)).map((worker) => worker.name);
    const name = options.name ?? freeName(living);
    if (living.includes(name)) throw nameTaken(name);
    removeOldLogs(workersDir, [...living, name]);
    try {
      const log = workerLog(workersDir, name);
      const started = await startOne(name, log, options);
      return typeof started === 'string' ? started : { name, pid: started.pid ?? 0, log };
    } catch (error) {
      const isRace = error instanceof QueueError && error.code === 'conflict' && options.name === undefined;
      if (!isRace || tries === MOST_TRIES) throw error;
    }
  }
}

function freeName(living: readonly (string | null)[]): string {
  for (let n = 1; ; n += 1) if (!living.includes(`w${n}`)) return `w${n}`;
}

function nameTaken(name: string): QueueError {
  return new QueueError(
    'conflict',
    `a worker named ${name} runs already`,
    `another --name, or first: queuectl worker stop ${name} --wait`,
  );
}

async function startOne(
  name: string,
  log: string,
  options: DetachOptions,
): Promise<ChildProcess | EndSignal> {
  const file = openToAppend(log);
  const [script = ''] = process.argv.slice(1);
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, 'worker', 'start', '--name', name, ...options.words],
    {
      detached: true,
      stdio: ['ignore', file, file, 'pipe'],
      env: { ...options.env, [DETACHED_VARIABLE]: log },
      windowsHide: true,
    },
  );
  closeSync(file);
  try {
    const word = await firstWord(child, options.limitMs);
    if (typeof word === 'string') return word;
    if ('error' in word) throw new QueueError(word.error.code, word.error.message, word.error.hint);
    child.unref();
    return child;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** What it says first, or the signal that came before that. */
async function firstWord(child: ChildProcess, limitMs: number): Promise<FirstWord | EndSignal> {
  const pipe = child.stdio[3] as Readable;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;
  try {
    return await new Promise<FirstWord | EndSignal>((resolve, reject) => {
      let text = '';
      pipe.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.endsWith('\n')) resolve(JSON.parse(text) as FirstWord);
      });
      child.once('error', (error) =>
        reject(new QueueError('failed', `the worker could not be started: ${error.message}`)),
      );
      child.once('close', (code, signal) =>
        reject(new QueueError('failed', `the worker ended before it ran: ${endOf(code, signal)}`)),
      );
      timer = setTimeout(() => reject(tooLate(limitMs)), limitMs);
      stopListening = onEndSignal((signal) => {
        child.kill('SIGKILL');
        resolve(signal);
      });
    });
  } finally {
    clearTimeout(timer);
    stopListening?.();
    pipe.destroy();
  }
}

function endOf(code: number | null, signal: string | null): string {
  return code === null ? `ended by ${signal}` : `exit code ${code}`;
}

function tooLate(limitMs: number): QueueError {
  return new QueueError(
    'unavailable',
    `the worker did not run within ${formatDuration(limitMs)}, and was ended`,
    'is the database locked? queuectl worker start shows what a worker does',
  );
}
