/** What `enqueue --wait` and `--follow` do once the job is stored. */
import type { JobInput } from '../job/input.js';
import type { Queue } from '../queue.js';
import type { InsertResult } from '../store/store.js';
import type { Context } from './command.js';
import { logPrinter } from './log-printer.js';
import { noteUnservedJob } from './no-worker-note.js';
import { exitCodeOf, onEndSignal } from './signals.js';
import { jobExitCode } from './job-exit-code.js';
import { waitForJobs } from './wait-for-jobs.js';

/** The exit code: the job's own. Ctrl-C ends the waiting, not the job. */
export async function awaitStored(
  context: Context,
  queue: Queue,
  input: JobInput,
  { id }: InsertResult,
): Promise<number> {
  const { flags, output } = context;
  // On stderr: stdout is for what the job prints, or for how it ended.
  output.note(`✅ Job enqueued successfully. ID: ${id}`);
  await noteUnservedJob(output, queue, queue.parse(input));
  if (flags.has('follow')) return followStored(context, queue, id);
  return waitForJobs(context, queue, { kind: 'jobs', ids: [id], ranges: [], last: false }, {});
}

async function followStored(context: Context, queue: Queue, id: string): Promise<number> {
  const interrupted = new AbortController();
  const stopListening = onEndSignal((signal) => interrupted.abort(signal));
  const printer = logPrinter(context);
  let run = 0;
  for await (const record of queue.follow(await queue.get(id), interrupted.signal)) {
    if (record.run !== run) printer.end(run);
    run = record.run;
    printer.push(record, run);
  }
  printer.end(run);
  stopListening();
  if (interrupted.signal.aborted) return exitCodeOf(String(interrupted.signal.reason));
  return jobExitCode(queue, await queue.get(id));
}
