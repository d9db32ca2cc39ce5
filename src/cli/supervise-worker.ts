/** A worker process with all that reaches it from outside: signals and changed settings in, events out. */
import { loadSettings } from '../config.js';
import { QueueError } from '../errors.js';
import { listen, sentence } from '../log.js';
import type { LogEvent } from '../log.js';
import type { Worker } from '../worker/worker.js';
import type { Context } from './command.js';
import { eventJson } from './event-json.js';
import { harmlessLine } from './output/harmless.js';
import { toJsonText } from './output/json.js';
import { LineWriter } from './output/line-writer.js';
import type { Output } from './output/output.js';
import { exitCodeOf, onEndSignal } from './signals.js';
import { tuneForJobs } from './tune-v8.js';
import { watchConfig } from './watch-config.js';
import { WorkerLogWriter } from './worker-log/writer.js';

/** How long a reader that does not read may keep a worker that is done from exiting. */
const LAST_LINES_MS = 1000;

/** Where a worker's words go. */
export interface WorkerVoice {
  event(event: LogEvent): void;
  note(text: string): void;
  flush(limitMs: number): Promise<void>;
}

/** For a worker in a terminal or a pipe. */
export function voiceTo(output: Output): WorkerVoice {
  const writer = new LineWriter();
  return {
    event: (event) => {
      if (output.json) writer.line(toJsonText(eventJson(event, Date.now())));
      else if (event.event === 'worker.launcher' || event.event === 'worker.named')
        output.note(sentence(event));
      else if (!output.quiet) writer.line(harmlessLine(sentence(event)));
    },
    note: (text) => output.note(text),
    flush: (limitMs) => writer.flush(limitMs),
  };
}

/** For a worker in the background, whose stdout is its log. */
export function voiceToLog(log: string): WorkerVoice {
  const writer = new WorkerLogWriter(log, 1);
  return {
    event: (event) => writer.line(harmlessLine(sentence(event))),
    note: (text) => writer.line(harmlessLine(text)),
    flush: (limitMs) => writer.flush(limitMs),
  };
}

/** Runs it to its end; its exit code. Rejects as `Worker.run` does. */
export async function superviseWorker(worker: Worker, voice: WorkerVoice, context: Context): Promise<number> {
  listen((event) => {
    if (event.event === 'job.claimed') tuneForJobs();
    voice.event(event);
  });
  const over = new AbortController();
  watchConfig(context.home, () => takeSettings(worker, voice, context), over.signal);
  let exitCode: number | undefined;
  let signals = 0;
  const stopListening = onEndSignal((signal) => {
    signals += 1;
    if (signals > 1) exitCode ??= exitCodeOf(signal);
    worker.stop(signals > 1 ? 'now' : 'gracefully');
  });
  try {
    await worker.run();
    return exitCode ?? 0;
  } finally {
    over.abort();
    stopListening();
    await voice.flush(LAST_LINES_MS);
  }
}

/** A file that is being edited may be wrong for a moment: the worker goes on as it was, and says so. */
function takeSettings(worker: Worker, voice: WorkerVoice, { home, env }: Context): void {
  try {
    const settings = loadSettings(home, env);
    worker.change({ ...settings, retention: settings });
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    voice.note(`the settings stay as they were: ${error.message}`);
  }
}
