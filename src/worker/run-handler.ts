/** One job for a handler, from its claim to the report of its end. */
import { decide } from '../job/decide.js';
import type { ProcessingJob } from '../job/job.js';
import type { Outcome } from '../job/outcome.js';
import type { Stopper } from '../launcher/stop.js';
import { startTimer } from '../launcher/timer.js';
import { encodeStderrLog } from '../output/encode-log.js';
import { formatDuration } from '../time.js';
import type { AnyHandler, HandlerContext, HandlerJob } from './handlers.js';
import type { EndedRun } from './run-job.js';

const LONGEST_RESULT_BYTES = 1024 * 1024;

type End = { readonly result: string | undefined } | { readonly error: unknown };

/** Never rejects for a handler that throws. The stopper ends the run, and is used for its time limit, too. */
export async function runHandler(
  job: ProcessingJob,
  handler: AnyHandler,
  stopper: Stopper,
  stoppedFor: () => 'cancelled' | 'given_back',
): Promise<EndedRun> {
  let isTimedOut = false;
  const endInTime = (): void => {
    isTimedOut = !stopper.isStopped;
    stopper.stop();
  };
  const callOff = job.timeoutMs === null ? null : startTimer(job.timeoutMs, endInTime);
  const end = await call(handler, job, stopper);
  callOff?.();
  const outcome = outcomeOf(end, job, isTimedOut ? 'timed_out' : stopper.isStopped ? stoppedFor() : null);
  const { attempts, maxRetries, crashes, backoff } = job;
  const policy = { attempts, maxRetries, crashes, backoff, attached: false };
  const transition = decide(policy, outcome, Math.random());
  const output = 'error' in end && outcome.kind === 'failure' ? traceOf(end.error) : '';
  return {
    seq: job.seq,
    run: job.run,
    transition,
    outcome: outcome.kind,
    exitCode: null,
    signal: null,
    reason: 'reason' in outcome ? outcome.reason : null,
    outputBytes: Buffer.byteLength(output),
    output: output === '' ? null : encodeStderrLog(output, Date.now()),
    result: outcome.kind === 'success' && 'result' in end ? end.result : undefined,
    startedMsAgo: undefined,
    times: null,
    hasLogFile: false,
    noteDraft: null,
  };
}

/** Shows of the stopper what a handler may see. */
class Context implements HandlerContext {
  readonly #stopper: Stopper;

  constructor(stopper: Stopper) {
    this.#stopper = stopper;
  }

  get signal(): AbortSignal {
    return this.#stopper.signal;
  }
}

async function call(handler: AnyHandler, job: ProcessingJob, stopper: Stopper): Promise<End> {
  try {
    // A run that was told to end before it began does not begin.
    if (stopper.isStopped) stopper.signal.throwIfAborted();
    // What the payload is, the program alone knows: whoever enqueued it and whoever handles it share that type.
    return { result: resultText(await handler(job as HandlerJob<never>, new Context(stopper))) };
  } catch (error) {
    return { error };
  }
}

/** As JSON; undefined for nothing. Throws where JSON cannot say it. */
function resultText(result: unknown): string | undefined {
  if (result === undefined) return undefined;
  const text = JSON.stringify(result) as string | undefined;
  if (text === undefined)
    throw new TypeError(`the result cannot be written as JSON: it is a ${typeof result}`);
  if (Buffer.byteLength(text) > LONGEST_RESULT_BYTES) throw new RangeError('the result is longer than 1 MiB');
  return text;
}

/** What ended it first names the outcome: a function that was told to end and returned may have left its work half done. */
function outcomeOf(
  end: End,
  { timeoutMs }: ProcessingJob,
  told: 'timed_out' | 'cancelled' | 'given_back' | null,
): Outcome {
  const ended = { exitCode: null, signal: null };
  switch (told) {
    case 'timed_out':
      return { kind: 'timeout', ...ended, reason: `timed out after ${formatDuration(timeoutMs ?? 0)}` };
    case 'cancelled':
      return { kind: 'cancelled', ...ended, reason: 'cancelled' };
    case 'given_back':
      return { kind: 'given_back', delayMs: 0 };
    case null:
      return 'error' in end
        ? { kind: 'failure', ...ended, reason: reasonOf(end.error) }
        : { kind: 'success' };
  }
}

const LONGEST_REASON = 500;

/** The first line of what was thrown, `RangeError: out of range`. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
  const [line = ''] = text.toWellFormed().replaceAll('\0', '').split('\n');
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

const LONGEST_TRACE = 16 * 1024;

function traceOf(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? '') : String(error);
  return `${trace.slice(0, LONGEST_TRACE)}\n`;
}
