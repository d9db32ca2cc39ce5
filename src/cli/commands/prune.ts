import { loadSettings } from '../../config.js';
import { usageError } from '../../errors.js';
import { FINAL_STATES } from '../../job/state.js';
import type { FinalState } from '../../job/state.js';
import { expired, prune, removeLeftLogs } from '../../maintenance/prune.js';
import type { PruneSelection } from '../../store/pruning.js';
import { DAY } from '../../time.js';
import type { Command, Context } from '../command.js';
import { requireConsent, YES_FLAG } from '../confirm.js';
import { readStates } from '../job-filter.js';

const LONGEST_MS = 36_500 * DAY;

export const pruneCommand: Command = {
  usage: '[options]',
  description: `Removes jobs that are over, with their history and output. Without options: what is older than the settings
keep_completed (completed and cancelled jobs) and keep_dead (dead ones) say, as workers do it by themselves, once an hour.

Jobs that are not over are never removed. The room in the database is used again; its file does not shrink.`,
  examples: [
    {
      command: 'queuectl prune --older-than 30d --dry-run',
      does: 'how many completed and cancelled jobs are that old',
    },
    { command: 'queuectl prune --older-than 30d --yes', does: 'remove them' },
    { command: 'queuectl prune --older-than 90d --state dead', does: 'old dead jobs; asks first' },
  ],
  flags: [
    { long: 'older-than', argument: 'DURATION', help: 'what ended longer ago than this' },
    {
      long: 'state',
      argument: 'S[,S]',
      help: 'completed, cancelled, dead (completed,cancelled); with --older-than',
    },
    { long: 'dry-run', help: 'count, and remove nothing' },
    YES_FLAG,
  ],
  fields: () => ['jobs', 'dry_run'],
  run: async (context) => {
    const { flags, output, openQueue } = context;
    const selections = readSelections(context);
    const isDry = flags.has('dry-run');
    const { store } = await openQueue();
    let jobs = 0;
    for (const selection of selections) jobs += await store.countPrunable(selection);
    if (!isDry) {
      if (jobs > 0) requireConsent(context, `remove ${count(jobs)} for good`);
      await removeLeftLogs(store);
      jobs = 0;
      for (const selection of selections) jobs += await prune(store, selection);
    }
    if (output.json) return output.object({ jobs, dry_run: isDry });
    output.say(isDry ? `${count(jobs)} would be removed.` : `${count(jobs)} removed.`);
  },
};

function readSelections({ flags, home, env }: Context): PruneSelection[] {
  const olderThanMs = flags.duration('older-than', LONGEST_MS);
  const states = readStates(flags, ['completed', 'cancelled']).map(requireFinal);
  const now = Date.now();
  if (olderThanMs !== undefined) return [{ states, endedBeforeMs: now - olderThanMs }];
  if (flags.has('state'))
    throw usageError('--state needs --older-than', 'queuectl prune --older-than 30d --state dead');
  return expired(loadSettings(home, env), now);
}

function requireFinal(state: string): FinalState {
  const found = FINAL_STATES.find((final) => final === state);
  if (found !== undefined) return found;
  throw usageError(
    `only jobs that are over can be pruned, not ${state} ones`,
    `--state ${FINAL_STATES.join(',')}; a job that waits can be cancelled first`,
  );
}

function count(jobs: number): string {
  return jobs === 1 ? '1 job' : `${jobs} jobs`;
}
