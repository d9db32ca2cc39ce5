import { QueueError } from '../errors.js';
import type { Job } from '../job/job.js';
import { toJobJson } from '../job/to-json.js';
import type { Context } from './command.js';

/** What a command does to each of the jobs that it is given. */
export interface Act {
  readonly act: (id: string) => Promise<Job>;
  /** What is said of each that was done. */
  readonly sentence: (id: string, job: Job) => string;
  /** "2 of 3 jobs were not …". */
  readonly participle: string;
}

/**
 * Does what it can and throws one error for the others: their own where none was done, `partial` where some were.
 * Whatever is wrong with more than the one job ends it all.
 */
export async function actOnEach(
  { args, output }: Context,
  { act, sentence, participle }: Act,
): Promise<void> {
  const ids = [...new Set(args)];
  const done: Job[] = [];
  const refused: QueueError[] = [];
  for (const id of ids) {
    try {
      done.push(await act(id));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused.push(error);
      continue;
    }
    if (output.quiet && !output.json) output.line(id);
    const job = done.at(-1);
    if (job !== undefined) output.say(sentence(id, job));
  }
  if (output.json) output.array(done.map(toJobJson));
  const error = summarize(refused, ids.length, participle);
  if (error !== undefined) throw error;
}

/** About this one job; any other error would meet the rest of them, too. */
function isRefusal(error: unknown): error is QueueError {
  return error instanceof QueueError && (error.code === 'not_found' || error.code === 'conflict');
}

function summarize(
  refused: readonly QueueError[],
  asked: number,
  participle: string,
): QueueError | undefined {
  const [first] = refused;
  if (first === undefined || (refused.length === asked && asked === 1)) return first;
  const code = refused.length === asked ? first.code : 'partial';
  const reasons = refused.map((error) => error.message).join('; ');
  return new QueueError(
    code,
    `${refused.length} of ${asked} jobs were not ${participle}: ${reasons}`,
    first.hint,
  );
}
