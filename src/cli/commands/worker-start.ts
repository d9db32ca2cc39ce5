import { loadSettings } from '../../config.js';
import { usageError } from '../../errors.js';
import { readValue } from '../../job/option-kinds.js';
import { DAY, HOUR, SECOND } from '../../time.js';
import { Worker } from '../../worker/worker.js';
import type { WorkerOptions } from '../../worker/worker-options.js';
import type { Command, Context } from '../command.js';
import { DetachedLink } from '../detached-link.js';
import type { Flag, Flags } from '../flags.js';
import { noteNewQueues, readQueueNames } from '../queue-names.js';
import { exitCodeOf } from '../signals.js';
import { superviseWorker, voiceTo } from '../supervise-worker.js';
import type { WorkerVoice } from '../supervise-worker.js';
import { keepIdle } from '../tune-v8.js';

const MOST_SLOTS = 1000;
/** Beside the wait for a locked database: a start takes a fraction of a second, on a busy machine some. */
const START_MS = 20 * SECOND;

/** Those that a worker in the background is given, too. */
const WORKER_FLAGS: readonly Flag[] = [
  { long: 'count', argument: 'N', help: `how many jobs run at once, 1 to ${MOST_SLOTS} (1)` },
  {
    long: 'until-empty',
    help: 'exit once nothing but jobs of paused queues is pending, running or waiting for a retry',
  },
  { long: 'queues', argument: 'A,B', help: 'jobs of these queues only (all)' },
  {
    long: 'drain-timeout',
    argument: 'DURATION',
    help: 'so long after a stop, end the jobs that still run, with their grace, and give them back (never)',
  },
];

export const workerStart: Command = {
  usage: '[options]',
  description: `Runs jobs, in this terminal, until it is stopped. Several terminals may each run one.

Ctrl-C, TERM or HUP: finish the jobs that run, then exit. A second one: end them now and give them back. One that cannot
reach its server tells nobody: it exits with 5 once its lease is over, or a few seconds after the second one.

With --detach it runs in the background, and goes on when the terminal is closed. The command returns once the worker
runs; what it says goes to its log: "queuectl worker logs". A log is begun anew every 10 MiB, and the last three are
kept; that of a worker which is gone is removed when it is 30 days old and another worker is detached.`,
  examples: [
    { command: 'queuectl worker start --count 4', does: 'four jobs at a time' },
    { command: 'queuectl worker start --until-empty', does: 'until there is nothing left to do' },
    { command: 'queuectl worker start --queues mail,sms', does: 'jobs of these queues only' },
    { command: 'queuectl worker start --detach --name mail', does: 'in the background, by this name' },
  ],
  flags: [
    ...WORKER_FLAGS,
    {
      long: 'name',
      argument: 'NAME',
      help: 'by which it is stopped; no other running worker has it (w1, w2, …)',
    },
    { long: 'detach', help: 'run in the background' },
  ],
  fields: () => ['name', 'pid', 'log'],
  run: async (context) => {
    const { flags, output } = context;
    const link = DetachedLink.take(process.env);
    if (flags.has('detach')) return detach(context);
    if (flags.has('fields')) throw usageError('--fields needs --detach: each event has its own');
    if (link === null) return runWorker(context, voiceTo(output));
    const { runDetached } = await import('../detached-worker.js');
    return runDetached(link, (voice) => runWorker(context, voice));
  },
};

async function runWorker(context: Context, voice: WorkerVoice): Promise<number> {
  const { flags, home, env, openQueue } = context;
  keepIdle();
  const options = readOptions(flags);
  const { pollIntervalMs, maxOutputBytes, ...retention } = loadSettings(home, env);
  const queue = await openQueue({ lockTimeoutMs: Infinity });
  if (options.queues !== null) await noteNewQueues(voice, queue, options.queues);
  const worker = new Worker(queue, { ...options, pollIntervalMs, maxOutputBytes, retention });
  return superviseWorker(worker, voice, context);
}

interface ReadOptions extends Pick<WorkerOptions, 'name' | 'slots' | 'untilEmpty' | 'drainTimeoutMs'> {
  readonly queues: readonly string[] | null;
}

function readOptions(flags: Flags): ReadOptions {
  const name = flags.text('name');
  const queues = flags.list('queues');
  return {
    slots: flags.integer('count', 1, MOST_SLOTS) ?? 1,
    name: name === undefined ? undefined : String(readValue({ kind: 'name' }, name, '--name')),
    queues: queues === undefined ? null : readQueueNames(queues, '--queues'),
    untilEmpty: flags.has('until-empty'),
    drainTimeoutMs: flags.duration('drain-timeout', 365 * DAY),
  };
}

/** All that can be wrong is found out here, where the person sees it. */
async function detach({ flags, home, env, output, openQueue }: Context): Promise<number> {
  const { name, queues } = readOptions(flags);
  const lockTimeoutMs = flags.duration('lock-timeout', HOUR) ?? loadSettings(home, env).lockTimeoutMs;
  const { startDetached } = await import('../detach.js');
  const queue = await openQueue();
  if (queues !== null) await noteNewQueues(output, queue, queues);
  const words = wordsOf(flags);
  const started = await startDetached(queue, { name, words, env, limitMs: lockTimeoutMs + START_MS });
  if (typeof started === 'string') return exitCodeOf(started);
  if (output.json) output.object({ ...started });
  else if (output.quiet) output.line(started.name);
  else {
    output.say(`Worker ${started.name} runs in the background (PID: ${started.pid}).`);
    output.note(`what it says: queuectl worker logs ${started.name}`);
  }
  return 0;
}

function wordsOf(flags: Flags): string[] {
  return WORKER_FLAGS.filter(({ long }) => flags.has(long)).flatMap(({ long, argument }) =>
    argument === undefined ? [`--${long}`] : [`--${long}=${flags.text(long) ?? ''}`],
  );
}
