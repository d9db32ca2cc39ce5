/** Waits for jobs before a terminal or a script, tells of each end, and makes an exit code of them. */
import { noSuchJob } from '../change-jobs.js';
import { QueueError } from '../errors.js';
import { idsOf } from '../job/filter/filter.js';
import type { Filter } from '../job/filter/filter.js';
import type { Job } from '../job/job.js';
import { toJobJson } from '../job/to-json.js';
import type { Queue } from '../queue.js';
import type { WaitCounts, WaitOptions, WaitResult } from '../wait-jobs.js';
import type { Context } from './command.js';
import { EXIT_CODES } from './exit-code.js';
import { jobExitCode } from './job-exit-code.js';
import type { Output } from './output/output.js';
import { isTerminal } from './output/terminal.js';
import { WaitLine } from './output/wait-line.js';
import { exitCodeOf, onEndSignal } from './signals.js';

/** The exit code. Throws as `Queue.wait` does, `timed_out`, and `not_found` for one job that was removed meanwhile. */
export async function waitForJobs(
  { output }: Pick<Context, 'output'>,
  queue: Queue,
  filter: Filter,
  options: WaitOptions,
): Promise<number> {
  const interrupted = new AbortController();
  const forget = onEndSignal((signal) => interrupted.abort(signal));
  const line = new WaitLine(!output.quiet && !output.json && isTerminal(2));
  try {
    const result = await queue.wait(filter, {
      ...options,
      signal: interrupted.signal,
      onEnd: (job) => {
        line.clear();
        tell(output, job);
      },
      onLook: (counts) => line.show(waitText(counts)),
    });
    line.clear();
    if (result.how === 'aborted') return exitCodeOf(String(interrupted.signal.reason));
    return await exitCode(queue, filter, result, options);
  } finally {
    line.end();
    forget();
  }
}

function tell(output: Output, job: Job): void {
  if (output.json) return output.streamed(toJobJson(job));
  if (output.quiet) return output.line(job.id);
  const reason = 'reason' in job && job.reason !== null ? `: ${job.reason}` : '';
  output.say(
    job.state === 'completed' ? `Job ${job.id} completed.` : `Job ${job.id} is ${job.state}${reason}`,
  );
}

function waitText({ total, completed, otherwise, gone }: WaitCounts): string {
  const left = total - completed - otherwise - gone;
  return total === 1 ? 'waiting for the job' : `waiting for ${left} of ${total} jobs`;
}

async function exitCode(
  queue: Queue,
  filter: Filter,
  result: WaitResult,
  { any = false, timeout }: WaitOptions,
): Promise<number> {
  const { how, total, completed, otherwise, gone, last } = result;
  const left = total - completed - otherwise - gone;
  if (how === 'timed_out')
    throw new QueueError(
      'timed_out',
      `${left === 1 ? '1 job was' : `${left} jobs were`} not over after ${String(timeout)}`,
      `queuectl explain ${onlyId(filter) ?? 'ID'} says what a job waits for`,
    );
  if (total === 1 && gone === 1) throw noSuchJob(onlyId(filter) ?? '');
  if ((total === 1 || any) && last !== null) return completed > 0 ? 0 : jobExitCode(queue, last);
  if (completed === total) return 0;
  if (gone === total) return EXIT_CODES.not_found;
  return completed === 0 ? EXIT_CODES.failed : EXIT_CODES.partial;
}

function onlyId(filter: Filter): string | undefined {
  const ids = idsOf(filter);
  return ids?.length === 1 ? ids[0] : undefined;
}
