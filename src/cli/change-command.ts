/** The commands that change jobs: all take the same words and flags, and tell of what they did in the same way. */
import { usageError } from '../errors.js';
import { EVERY_JOB } from '../job/filter/filter.js';
import type { JobAct } from './act-on-ids.js';
import { actOnJobs, BULK_FIELDS } from './act-on-jobs.js';
import type { Command, Context } from './command.js';
import { YES_FLAG } from './confirm.js';
import type { Flag } from './flags.js';
import { jobFields } from './job-fields.js';
import { DRY_RUN_FLAG, JOBS_USAGE, readJobWords } from './job-words.js';
import type { JobWords } from './job-words.js';

interface ChangeCommand {
  readonly name: string;
  /** What it does; that it asks first by a filter is added. */
  readonly description: string;
  readonly examples: Command['examples'];
  readonly flags?: readonly Flag[];
  /** It has `--all`, for every dead job. */
  readonly ofDead?: true;
  readonly takesJobWords?: true;
  readonly act: (context: Context) => JobAct;
}

const ALL_FLAG: Flag = { long: 'all', help: 'every dead job' };

export function changeCommand({
  name,
  description,
  examples,
  flags = [],
  ofDead,
  takesJobWords,
  act,
}: ChangeCommand): Command {
  const jobs = ofDead === undefined ? JOBS_USAGE : `--all|${JOBS_USAGE}`;
  const asks = `By a filter (queuectl help filters)${ofDead === undefined ? '' : ', or with --all,'} it asks first.`;
  return {
    usage: `[options] ${jobs}${takesJobWords === undefined ? '' : ' [-- COMMAND…]'}`,
    arguments: '[words...]',
    description: `${description}\n${asks}`,
    examples,
    flags: [...(ofDead === undefined ? [] : [ALL_FLAG]), ...flags, DRY_RUN_FLAG, YES_FLAG],
    fields: () => [...jobFields(), ...BULK_FIELDS],
    ...(takesJobWords !== undefined && { takesJobWords }),
    run: async (context) => {
      const words = ofDead === undefined ? readJobWords(context.args, name) : readDeadWords(context, name);
      return actOnJobs(context, words, act(context));
    },
  };
}

/** The words, or --all of the dead jobs: the act takes no others. Throws `usage`. */
function readDeadWords({ args, flags }: Context, name: string): JobWords {
  if (!flags.has('all')) return readJobWords(args, name);
  if (args.length > 0)
    throw usageError('--all and a choice of jobs exclude each other', 'leave one of them out');
  return { filter: EVERY_JOB, ids: null };
}
