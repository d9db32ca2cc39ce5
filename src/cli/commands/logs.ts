import { QueueError, usageError } from '../../errors.js';
import type { Job } from '../../job/job.js';
import type { Queue } from '../../queue.js';
import type { Command, Context } from '../command.js';
import { HarmlessStream } from '../output/harmless.js';
import { writeAll } from '../output/print.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { skipBytes, startOfLastLines } from '../tail.js';

const MOST_LINES = 1_000_000;

export const logs: Command = {
  usage: '[options] ID',
  arguments: '<id>',
  description: `Prints what a job's latest run printed. On a terminal, control characters are shown and do nothing;
a pipe gets the bytes as they are.`,
  examples: [
    { command: 'queuectl logs 42', does: 'of its latest run' },
    { command: 'queuectl logs -f 42', does: 'as it prints, until the job is over' },
    { command: 'queuectl logs -n 20 --run 1 42', does: 'the last lines of its first run' },
  ],
  flags: [
    { long: 'follow', short: 'f', help: 'go on with what it prints, run after run, until it is over' },
    { long: 'run', argument: 'N', help: 'of this run (the latest)' },
    { long: 'lines', short: 'n', argument: 'N', help: 'only the last lines' },
    { long: 'raw', help: 'on a terminal, too, the bytes as they are' },
  ],
  run: async (context) => {
    const { flags, args, output } = context;
    const follow = flags.has('follow');
    if (follow && flags.has('run')) throw usageError('--follow and --run exclude each other');
    const lines = flags.integer('lines', 0, MOST_LINES);
    const wantedRun = flags.integer('run', 1, Number.MAX_SAFE_INTEGER);
    const queue = await context.openQueue();
    const job = await queue.get(args[0] ?? '');
    const run = wantedRun ?? job.run;
    if (run > job.run) throw noSuchRun(job, run);
    const isAhead = follow && (job.state === 'pending' || job.state === 'scheduled');
    const whole = lines === undefined || run === 0 || isAhead;
    const from = whole ? 0 : await startOfLastLines(queue.output(job, run), lines);
    const print = printer(context);
    if (follow) return followJob(queue, job, from, print);
    if (run === 0) output.note(`job ${job.id} has not run yet: it is ${job.state}`);
    else for await (const chunk of queue.output(job, run, from)) print.push(chunk);
    print.end();
    return 0;
  },
};

interface Printer {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

function printer({ flags, output }: Context): Printer {
  if (!output.terminal || flags.has('raw'))
    return { push: (bytes) => writeAll(1, bytes), end: () => undefined };
  const stream = new HarmlessStream();
  return { push: (bytes) => writeAll(1, stream.push(bytes)), end: () => writeAll(1, stream.end()) };
}

async function followJob(queue: Queue, job: Job, from: number, print: Printer): Promise<number> {
  const interrupted = new AbortController();
  const stopListening = onEndSignal((signal) => interrupted.abort(signal));
  for await (const chunk of skipBytes(queue.follow(job, interrupted.signal), from)) print.push(chunk);
  print.end();
  stopListening();
  return interrupted.signal.aborted ? exitCodeOf(String(interrupted.signal.reason)) : 0;
}

function noSuchRun(job: Job, run: number): QueueError {
  const ran = job.run === 0 ? 'it has not run yet' : `its latest is ${job.run}`;
  return new QueueError('not_found', `job ${job.id} has no run ${run}: ${ran}`);
}
