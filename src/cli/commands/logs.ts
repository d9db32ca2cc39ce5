import { QueueError, usageError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import type { OutputSelection } from '../../output/selection.js';
import type { Queue } from '../../queue.js';
import type { Command } from '../command.js';
import type { Flags } from '../flags.js';
import { LOG_FIELDS, logPrinter } from '../log-printer.js';
import type { LogPrinter } from '../log-printer.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { readSince } from '../since.js';

export const logs: Command = {
  usage: '[options] ID',
  arguments: '<id>',
  description: `Prints what a job's latest run printed, both streams in the order in which they were read. On a terminal,
control characters are shown and do nothing; a pipe gets the bytes as they are.

Where a log outgrew its cap its middle is missing: "[N bytes dropped]" says so, in a pipe on stderr.
With -t and --json each line comes whole, once it has ended; one of over 64 KiB is broken. --json prints an object a line:
run, time, stream (stdout, stderr; note for what is missing; null where it is not known) and text.

Jobs that ran without the native launcher (queuectl version names it) have neither times nor streams in their logs:
--stdout, --stderr, --since and -t refuse those.`,
  examples: [
    { command: 'queuectl logs 42', does: 'of its latest run' },
    { command: 'queuectl logs -f 42', does: 'as it prints, until the job is over' },
    { command: 'queuectl logs -n 20 --run 1 42', does: 'the last lines of its first run' },
    {
      command: 'queuectl logs --stderr -t --since 10m 42',
      does: 'its errors of the last minutes, with their times',
    },
  ],
  flags: [
    { long: 'follow', short: 'f', help: 'go on with what it prints, run after run, until it is over' },
    { long: 'run', argument: 'N', help: 'of this run (the latest)' },
    { long: 'stdout', help: 'only what it wrote to its standard output' },
    { long: 'stderr', help: 'only what it wrote to its standard error' },
    { long: 'since', argument: 'TIME', help: 'only from then on: "10m" ago, or "2026-12-24T18:00:00Z"' },
    { long: 'lines', short: 'n', argument: 'N', help: 'of that only the last lines' },
    { long: 'timestamps', short: 't', help: 'before each line when it began, in UTC' },
    { long: 'raw', help: 'on a terminal, too, the bytes as they are' },
  ],
  fields: () => LOG_FIELDS,
  run: async (context) => {
    const { flags, args, output } = context;
    const follow = flags.has('follow');
    if (follow && flags.has('run')) throw usageError('--follow and --run exclude each other');
    const selection = readSelection(flags);
    const wantedRun = flags.integer('run', 1, Number.MAX_SAFE_INTEGER);
    const queue = await context.openQueue();
    const job = await queue.get(args[0] ?? '');
    const run = wantedRun ?? job.run;
    if (run > job.run) throw noSuchRun(job, run);
    const printer = logPrinter(context);
    if (follow) return followJob(queue, job, selection, printer);
    if (run === 0) output.note(`job ${job.id} has not run yet: it is ${job.state}`);
    else for await (const record of queue.output(job, run, selection)) printer.push(record, run);
    printer.end(run);
    return 0;
  },
};

function readSelection(flags: Flags): OutputSelection {
  const [stdout, stderr] = [flags.has('stdout'), flags.has('stderr')];
  if (stdout && stderr)
    throw usageError('--stdout and --stderr exclude each other', 'without them both are shown');
  const lines = flags.integer('lines', 0, Number.MAX_SAFE_INTEGER);
  return {
    stream: stdout ? 'stdout' : stderr ? 'stderr' : undefined,
    sinceMs: readSince(flags),
    last: lines === undefined ? undefined : { lines },
  };
}

async function followJob(
  queue: Queue,
  job: Job,
  selection: OutputSelection,
  printer: LogPrinter,
): Promise<number> {
  const interrupted = new AbortController();
  const stopListening = onEndSignal((signal) => interrupted.abort(signal));
  let run = 0;
  for await (const record of queue.follow(job, interrupted.signal, selection)) {
    if (record.run !== run) printer.end(run);
    run = record.run;
    printer.push(record, run);
  }
  printer.end(run);
  stopListening();
  return interrupted.signal.aborted ? exitCodeOf(String(interrupted.signal.reason)) : 0;
}

function noSuchRun(job: Job, run: number): QueueError {
  const ran = job.run === 0 ? 'it has not run yet' : `its latest is ${job.run}`;
  return new QueueError('not_found', `job ${job.id} has no run ${run}: ${ran}`);
}
