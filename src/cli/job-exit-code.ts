import type { Job } from '../job/job.js';
import type { Queue } from '../queue.js';
import { EXIT_CODES } from './exit-code.js';
import { exitCodeOf } from './signals.js';

/** The code with which a wait for one job ends: the job's own, as `run` has it; 1 where it did not complete and has none. */
export async function jobExitCode(queue: Queue, job: Job): Promise<number> {
  if (job.state === 'completed') return 0;
  const last = (await queue.latestRuns([job])).get(job.seq);
  // A cancel of a job that waited is not the end of the run before.
  if (last === undefined || (job.state === 'cancelled' && last.outcome !== 'cancelled'))
    return EXIT_CODES.failed;
  if (last.outcome === 'timeout') return EXIT_CODES.timed_out;
  if (last.signal !== null) return exitCodeOf(last.signal);
  return last.exitCode === null || last.exitCode === 0 ? EXIT_CODES.failed : last.exitCode;
}
