/** The words by which a command is told which jobs: ids, ranges, `last`, or a filter. */
import { usageError } from '../errors.js';
import { idsOf } from '../job/filter/filter.js';
import type { Filter } from '../job/filter/filter.js';
import { parseFilter } from '../job/filter/parse-filter.js';
import type { Flag } from './flags.js';

/** As commands write it in their help. */
export const JOBS_USAGE = 'ID…|FILTER';

export const DRY_RUN_FLAG: Flag = {
  long: 'dry-run',
  help: 'say how many jobs a filter means, and change nothing',
};

export interface JobWords {
  readonly filter: Filter;
  /** Each once, where the words are ids and nothing else; null: they are a filter. */
  readonly ids: readonly string[] | null;
}

/** Throws `usage`, also where there are no words: a change of every job is asked for by `all`. */
export function readJobWords(words: readonly string[], command: string): JobWords {
  if (words.length === 0)
    throw usageError('which jobs?', `queuectl ${command} 42, or by a filter: queuectl ${command} queue:mail`);
  const filter = parseFilter(words);
  const ids = idsOf(filter);
  return { filter, ids: ids === null ? null : [...new Set(ids)] };
}
