import { loadSettings } from '../../config.js';
import { usageError } from '../../errors.js';
import { commandText } from '../../job/command.js';
import type { Job } from '../../job/job.js';
import type { JobInput } from '../../job/input.js';
import { toJobJson } from '../../job/to-json.js';
import { openLauncher } from '../../launcher/open-launcher.js';
import type { Queue } from '../../queue.js';
import { runInForeground } from '../../worker/foreground.js';
import type { Command, Context } from '../command.js';
import { EXIT_CODES, RUN_FAILED } from '../exit-code.js';
import type { Flag } from '../flags.js';
import { jobFields } from '../job-fields.js';
import { commandOfWords, jobFlags, jobFromFlags } from '../job-flags.js';
import { pickFields, toJsonText } from '../output/json.js';
import { ReaderGone, writeAll } from '../output/print.js';
import { exitCodeOf, onEndSignal } from '../signals.js';

export const run: Command = {
  usage: '[options] -- COMMAND [ARG…]',
  arguments: '[words...]',
  description: `Runs a command now, in this terminal, as a recorded job: list, show and logs know it, no worker takes it.
It runs once, unless --max-retries says more. Ctrl-C cancels it.

Its output is passed on as it comes, and its exit code is ours: 128+n when signal n ended it (143 when it was cancelled
and ended otherwise), 124 when it timed out, 126 or 127 when it could not be started, 125 for an error of queuectl itself.
With --json the job follows on stderr, as one line, once it is over.`,
  examples: [
    { command: 'queuectl run -- make report', does: 'now, and on the record' },
    {
      command: 'queuectl run --timeout 5m --max-retries 3 -- ./sync',
      does: 'three runs of five minutes at most',
    },
  ],
  flags: jobFlags(['run_at', 'delay', 'hold', 'priority']).map(withOneRun),
  fields: jobFields,
  takesJobWords: true,
  run: async (context) => {
    const { args, jobWords, flags } = context;
    if (jobWords === null || args.length > 0) throw notAfterDashes(args);
    const input = { max_retries: 1, ...jobFromFlags(commandOfWords(jobWords), flags) };
    const queue = await context.openQueue();
    const { maxOutputBytes } = loadSettings(context.home, context.env);
    const { job, endedBy } = await runHere(queue, input, maxOutputBytes);
    if (context.output.json)
      writeAll(2, `${toJsonText(pickFields(toJobJson(job), flags.list('fields') ?? jobFields()))}\n`);
    else if (endedBy === undefined) noteReason(job, context);
    return exitCode(queue, job, endedBy);
  },
};

/** One run is what a person expects of `run`; the setting is for jobs that nobody watches. */
function withOneRun(flag: Flag): Flag {
  return flag.long === 'max-retries' ? { ...flag, help: 'runs in all before the job is dead (1)' } : flag;
}

interface Ended {
  readonly job: Job;
  /** The signal that made us cancel it. */
  readonly endedBy: string | undefined;
}

async function runHere(queue: Queue, input: JobInput, maxOutputBytes: number): Promise<Ended> {
  const cancel = new AbortController();
  let endedBy: string | undefined;
  const end = (signal: string): void => {
    endedBy ??= signal;
    cancel.abort();
  };
  const passOn = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
    try {
      if (endedBy !== 'SIGPIPE') writeAll(stream === 'stdout' ? 1 : 2, chunk);
    } catch (error) {
      // `| head` has seen enough: what would end the command itself ends the job.
      if (!(error instanceof ReaderGone)) throw error;
      end('SIGPIPE');
    }
  };
  const stopListening = onEndSignal(end);
  const launcher = await openLauncher(queue.store.newLockFile());
  const job = await runInForeground(queue, input, {
    launcher,
    onOutput: passOn,
    signal: cancel.signal,
    maxOutputBytes,
  });
  await launcher.close();
  stopListening();
  return { job, endedBy };
}

/** What the job itself could not print: that it was not found, timed out, or was killed. */
function noteReason(job: Job, { output }: Context): void {
  if (!('reason' in job) || job.reason === null || job.reason.startsWith('exit code')) return;
  output.note(`job ${job.id}: ${job.reason}`);
}

async function exitCode(queue: Queue, job: Job, endedBy: string | undefined): Promise<number> {
  if (job.state === 'completed') return 0;
  if (job.state === 'cancelled' && endedBy !== undefined) return exitCodeOf(endedBy);
  const last = (await queue.latestRuns([job])).get(job.seq);
  // By `queuectl cancel`: its exit code may well be 0, which would tell that it had done its work.
  if (job.state === 'cancelled')
    return exitCodeOf((last?.outcome === 'cancelled' ? last.signal : null) ?? 'SIGTERM');
  if (last?.outcome === 'timeout') return EXIT_CODES.timed_out;
  const signal = last?.signal ?? null;
  return signal === null ? (last?.exitCode ?? RUN_FAILED) : exitCodeOf(signal);
}

function notAfterDashes(args: readonly string[]): Error {
  const words = args.length === 0 ? 'make report' : commandText(args);
  return usageError('run takes a command after "--"', `queuectl run -- ${words}`);
}
