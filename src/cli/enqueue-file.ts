/** `enqueue -f FILE` as a person sees it: progress, Ctrl-C, what was stored. */
import type { Context } from './command.js';
import { enqueueLines } from './enqueue-lines.js';
import type { InputFormat } from './input-format.js';
import { inputBytes, readInput, untilAborted } from './input-file.js';
import { noteUnservedJobs } from './no-worker-note.js';
import { Progress } from './output/progress.js';
import { isTerminal } from './output/terminal.js';
import type { InputDefaults } from './read-json.js';
import { exitCodeOf, onEndSignal } from './signals.js';
import type { EndSignal } from './signals.js';
import { StoredJobs } from './stored-jobs.js';

export interface FileOptions {
  readonly onConflict: 'error' | 'ignore';
  readonly format: InputFormat | undefined;
  readonly defaults: InputDefaults;
}

/** Resolves to the exit code: 0, or that of the signal which ended it. */
export async function enqueueFile(context: Context, file: string, options: FileOptions): Promise<number> {
  const { output } = context;
  if (file === '-' && isTerminal(0))
    output.note('reading jobs from the terminal: a JSON object or a command a line, then Ctrl-D');
  const stored = new StoredJobs(output);
  const progress = new Progress({
    shown: isTerminal(2) && !output.json && !output.quiet && context.env['TERM'] !== 'dumb',
    noun: 'jobs',
    total: inputBytes(file),
  });
  const queue = await context.openQueue();
  const interrupt = new Interrupt();
  let bytes = 0;
  let count = 0;
  try {
    const source = untilAborted(readInput(file), interrupt.aborted, (length) => (bytes += length));
    const end = await enqueueLines(queue, source, {
      ...options,
      signal: interrupt.aborted,
      onStored: (results) => {
        count += results.length;
        stored.add(results);
        progress.update(count, bytes);
      },
    });
    progress.clear();
    if (interrupt.signal === null) {
      stored.printSummary();
      if (count > 0) await noteUnservedJobs(output, queue);
      return 0;
    }
    output.note(interruptedText(end.stored, end.goOn));
    return exitCodeOf(interrupt.signal);
  } finally {
    progress.clear();
    interrupt.stopListening();
  }
}

function interruptedText(stored: number, goOn: string | undefined): string {
  const jobs = stored === 1 ? '1 job was' : `${stored} jobs were`;
  return `interrupted: ${jobs} enqueued${goOn === undefined ? '' : `; to go on: ${goOn}`}`;
}

/** The first signal asks for an end after the running transaction; a second one ends the process at once. */
class Interrupt {
  signal: EndSignal | null = null;
  readonly #controller = new AbortController();
  readonly stopListening = onEndSignal((signal) => {
    this.signal = signal;
    this.stopListening();
    this.#controller.abort();
  });

  get aborted(): AbortSignal {
    return this.#controller.signal;
  }
}
