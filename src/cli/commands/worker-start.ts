import { setFlagsFromString } from 'node:v8';
import { loadSettings } from '../../config.js';
import { QueueError } from '../../errors.js';
import { listen, sentence } from '../../log.js';
import type { LogEvent } from '../../log.js';
import { Worker } from '../../worker/worker.js';
import type { Command, Context } from '../command.js';
import { eventJson } from '../event-json.js';
import type { Flags } from '../flags.js';
import { harmlessLine } from '../output/harmless.js';
import { toJsonText } from '../output/json.js';
import { LineWriter } from '../output/line-writer.js';
import { noteNewQueues, readQueueNames } from '../queue-names.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { watchConfig } from '../watch-config.js';

const MOST_SLOTS = 1000;
/** How long a reader that does not read may keep a worker that is done from exiting. */
const LAST_LINES_MS = 1000;

export const workerStart: Command = {
  usage: '[options]',
  description: `Runs jobs, in this terminal, until it is stopped. Several terminals may each run one.

Ctrl-C, TERM or HUP: finish the jobs that run, then exit. A second one: end them now and give them back.`,
  examples: [
    { command: 'queuectl worker start --count 4', does: 'four jobs at a time' },
    { command: 'queuectl worker start --until-empty', does: 'until there is nothing left to do' },
    { command: 'queuectl worker start --queues mail,sms', does: 'jobs of these queues only' },
  ],
  flags: [
    { long: 'count', argument: 'N', help: `how many jobs run at once, 1 to ${MOST_SLOTS} (1)` },
    {
      long: 'until-empty',
      help: 'exit once nothing but jobs of paused queues is pending, running or waiting for a retry',
    },
    { long: 'queues', argument: 'A,B', help: 'jobs of these queues only (all)' },
  ],
  run: async (context) => {
    const { flags, home, env, openQueue } = context;
    // Its collections, which begin when a process is idle, were half of what an idle worker did.
    setFlagsFromString('--no-memory-reducer');
    const slots = flags.integer('count', 1, MOST_SLOTS) ?? 1;
    const queues = readQueues(flags);
    const { pollIntervalMs, maxOutputBytes, ...retention } = loadSettings(home, env);
    const queue = await openQueue({ lockTimeoutMs: Infinity });
    if (queues !== null) await noteNewQueues(context.output, queue, queues);
    const untilEmpty = flags.has('until-empty');
    const worker = new Worker(queue, {
      slots,
      queues,
      pollIntervalMs,
      maxOutputBytes,
      untilEmpty,
      retention,
    });
    return superviseWorker(worker, context);
  },
};

/** Runs it with all that reaches it from outside: signals and changed settings in, events out. */
async function superviseWorker(worker: Worker, context: Context): Promise<number> {
  const writer = new LineWriter();
  listen((event) => printEvent(writer, event, context));
  const over = new AbortController();
  watchConfig(context.home, () => takeSettings(worker, context), over.signal);
  let exitCode: number | undefined;
  let signals = 0;
  const stopListening = onEndSignal((signal) => {
    signals += 1;
    if (signals > 1) exitCode ??= exitCodeOf(signal);
    worker.stop(signals > 1 ? 'now' : 'gracefully');
  });
  await worker.run();
  over.abort();
  stopListening();
  await writer.flush(LAST_LINES_MS);
  return exitCode ?? 0;
}

function printEvent(writer: LineWriter, event: LogEvent, { output }: Context): void {
  if (output.json) writer.line(toJsonText(eventJson(event, Date.now())));
  else if (event.event === 'worker.launcher') output.note(sentence(event));
  else if (!output.quiet) writer.line(harmlessLine(sentence(event)));
}

/** A file that is being edited may be wrong for a moment: the worker goes on as it was, and says so. */
function takeSettings(worker: Worker, { home, env, output }: Context): void {
  try {
    const settings = loadSettings(home, env);
    worker.change({ ...settings, retention: settings });
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    output.note(`the settings stay as they were: ${error.message}`);
  }
}

function readQueues(flags: Flags): readonly string[] | null {
  const names = flags.list('queues');
  return names === undefined ? null : readQueueNames(names, '--queues');
}
