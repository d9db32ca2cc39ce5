/** A change of jobs that a person named one by one. */
import type { Act } from '../change-jobs.js';
import { noSuchJob } from '../change-jobs.js';
import { QueueError } from '../errors.js';
import type { Job } from '../job/job.js';
import { toJobJson } from '../job/to-json.js';
import type { Queue } from '../queue.js';
import type { Output } from './output/output.js';

/** What a command does to jobs, and how it tells of it. */
export interface JobAct {
  readonly act: Act;
  /** "cancel": what it is about to do. */
  readonly verb: string;
  /** "2 of 3 jobs were not cancelled". */
  readonly participle: string;
  /** What is said of a job that was named. */
  readonly sentence: (id: string, job: Job) => string;
}

/** So many in one transaction. */
const MOST_AT_ONCE = 500;

/**
 * Does what it can and throws one error for the others: their own where none was done, `partial` where some were.
 * Whatever is wrong with more than the one job ends it all.
 */
export async function actOnIds(
  output: Output,
  queue: Queue,
  ids: readonly string[],
  { act, sentence, participle }: JobAct,
): Promise<void> {
  const done: Job[] = [];
  const refused: QueueError[] = [];
  for (let start = 0; start < ids.length; start += MOST_AT_ONCE) {
    for (const changed of await queue.changeMany(ids.slice(start, start + MOST_AT_ONCE), act)) {
      const { id } = changed;
      if (changed.outcome !== 'changed') {
        refused.push(changed.outcome === 'missing' ? noSuchJob(id) : changed.error);
        continue;
      }
      done.push(changed.job);
      if (output.quiet && !output.json) output.line(id);
      output.say(sentence(id, changed.job));
    }
  }
  if (output.json) output.array(done.map(toJobJson));
  const error = summarize(refused, ids.length, participle);
  if (error !== undefined) throw error;
}

const MOST_NAMED = 5;

function summarize(
  refused: readonly QueueError[],
  asked: number,
  participle: string,
): QueueError | undefined {
  const [first] = refused;
  if (first === undefined || (refused.length === asked && asked === 1)) return first;
  const code = refused.length === asked ? first.code : 'partial';
  const reasons = refused.slice(0, MOST_NAMED).map((error) => error.message);
  const more = refused.length > MOST_NAMED ? `; and ${refused.length - MOST_NAMED} more` : '';
  return new QueueError(
    code,
    `${refused.length} of ${asked} jobs were not ${participle}: ${reasons.join('; ')}${more}`,
    first.hint,
  );
}
