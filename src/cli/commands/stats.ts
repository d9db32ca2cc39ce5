import { didYouMean, usageError } from '../../errors.js';
import { FINAL_STATES } from '../../job/state.js';
import { GroupedStats, JobStats, OTHERS } from '../../job/stats.js';
import type { EndedJob } from '../../job/stats.js';
import type { Store } from '../../store/store.js';
import { DAY, formatInstant, formatLocal } from '../../time.js';
import type { Command } from '../command.js';
import type { Flags } from '../flags.js';
import { readSince } from '../since.js';
import { figureCells, figuresJson, statsTable } from '../stats-form.js';

const PAGE = 1000;
const MOST_GROUPS = 1000;
const LONGEST_NAME = 200;

const NAMES = { queue: (job: EndedJob) => job.queue, command: (job: EndedJob) => job.work } as const;

type By = keyof typeof NAMES;

export const stats: Command = {
  usage: '[options]',
  description: `Figures of the jobs that have ended since a time, with all their runs. Costs what has ended, not what is stored.

"success" is the part of those that were not cancelled. run_… is how long runs took; wait_… is how long the last run of a
job was ready before it started. p50 and p95 say what half of them, and all but a twentieth, do not exceed: at most 0.8 % off.
cpu, memory and output are the sum, the largest process, and the sum; without the native launcher the first two are not known.
Jobs that were removed are not counted. --by command keeps ${MOST_GROUPS} commands apart; "${OTHERS}" are the rest.`,
  examples: [
    { command: 'queuectl stats', does: 'of the last day' },
    { command: 'queuectl stats --since 7d --by queue', does: 'for each queue' },
    { command: 'queuectl stats --since 1h --by command --json', does: 'for a program' },
  ],
  flags: [
    {
      long: 'since',
      argument: 'TIME',
      help: 'what ended from then on: "7d" ago, or "2026-12-24T18:00:00Z" (24h)',
    },
    { long: 'by', argument: 'WHAT', help: 'a row for each queue, or for each command' },
  ],
  fields: () => ['since', 'by', 'total', 'groups'],
  run: async ({ flags, output, openQueue }) => {
    const by = readBy(flags);
    const sinceMs = readSince(flags) ?? Date.now() - DAY;
    const { store } = await openQueue();
    const total = new JobStats();
    const groups = new GroupedStats(MOST_GROUPS);
    for await (const job of endedSince(store, sinceMs)) {
      total.add(job);
      if (by !== null) groups.add(NAMES[by](job).slice(0, LONGEST_NAME), job);
    }
    const found = groups.figures();
    if (output.json) {
      const rows = found.map(({ name, figures }) => ({ name, ...figuresJson(figures) }));
      output.object({ since: formatInstant(sinceMs), by, total: figuresJson(total.figures()), groups: rows });
      return;
    }
    output.heading(`Jobs that ended since ${formatLocal(sinceMs)}`);
    if (by === null) await output.properties(figureCells(total.figures()));
    else await output.table(statsTable(by, found, total.figures()));
    if (found.some(({ name }) => name === OTHERS)) output.note(`only ${MOST_GROUPS} of them are kept apart`);
  },
};

/** Page by page; each state from its newest on. A job that is retried meanwhile may be left out. */
async function* endedSince(store: Store, sinceMs: number): AsyncGenerator<EndedJob, void, undefined> {
  for (const state of FINAL_STATES) {
    let last: EndedJob | null = null;
    for (;;) {
      const page: EndedJob[] = await store.listEnded(state, sinceMs, last, PAGE);
      yield* page;
      last = page.at(-1) ?? null;
      if (page.length < PAGE) break;
    }
  }
}

function readBy(flags: Flags): By | null {
  const word = flags.text('by');
  if (word === undefined) return null;
  if (word === 'queue' || word === 'command') return word;
  const known = Object.keys(NAMES);
  throw usageError(`--by takes ${known.join(' or ')}, not ${JSON.stringify(word)}`, didYouMean(word, known));
}
