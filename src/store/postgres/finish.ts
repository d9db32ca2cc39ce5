/** What the end of a run makes of its job: success, failure, kill, give-back and rescue all pass here. */
import { heedCancel } from '../../job/decide.js';
import type { Transition } from '../../job/decide.js';
import { isAllowed } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { SqlValue } from '../rows/row.js';
import type { FinishedRun, Session } from '../store.js';
import { columnArray } from './arrays.js';

/**
 * What a statement takes of each reported run. Whether a person has asked for the end of its job meanwhile, only the row
 * can tell, under its lock: so both answers travel, and the statement takes the one that holds.
 */
const COLUMNS: readonly Column[] = [
  ['seq', 'bigint', (run) => run.seq],
  ['run', 'integer', (run) => run.run],
  ['state', 'text', (run) => run.transition.to],
  ['attempts', 'integer', ({ transition }) => attemptsOf(transition)],
  ['crashes', 'integer', ({ transition }) => crashesOf(transition)],
  [
    'delay_ms',
    'bigint',
    ({ transition }) => ('delayMs' in transition ? Math.ceil(transition.delayMs) : null),
  ],
  ['heeded_state', 'text', (run) => heeded(run).to],
  ['heeded_attempts', 'integer', (run) => attemptsOf(heeded(run))],
  ['heeded_crashes', 'integer', (run) => crashesOf(heeded(run))],
  ['outcome', 'text', (run) => run.outcome],
  ['exit_code', 'integer', (run) => run.exitCode],
  ['signal', 'text', (run) => run.signal],
  ['reason', 'text', (run) => run.reason],
  [
    'started_ms_ago',
    'bigint',
    ({ startedMsAgo }) => (startedMsAgo === undefined ? null : Math.round(startedMsAgo)),
  ],
  ['user_ms', 'bigint', ({ usage }) => (usage === undefined ? null : Math.round(usage.userMs))],
  ['system_ms', 'bigint', ({ usage }) => (usage === undefined ? null : Math.round(usage.systemMs))],
  ['max_rss_kb', 'bigint', ({ usage }) => usage?.maxRssKb ?? null],
  ['output_bytes', 'bigint', (run) => run.outputBytes],
  ['output', 'bytea', (run) => run.output],
  ['result', 'text', (run) => run.result ?? null],
];

type Column = readonly [name: string, type: string, value: (run: FinishedRun) => SqlValue];

/** How many parameters `finishedColumns` fills. */
export const FINISHED_COLUMNS = COLUMNS.length;

/** The reported runs as rows, from the parameters that begin at this number. */
export function finishedRows(firstParameter: number): string {
  const arrays = COLUMNS.map(([, type], index) => `$${firstParameter + index}::${type}[]`);
  return `SELECT * FROM unnest(${arrays.join(', ')}) AS f (${COLUMNS.map(([name]) => name).join(', ')})`;
}

/** Throws for a state in which no run ends. */
export function finishedColumns(runs: readonly FinishedRun[]): SqlValue[] {
  for (const run of runs) {
    refuseImpossible(run.transition.to);
    refuseImpossible(heeded(run).to);
  }
  return COLUMNS.map(([, type, value]) => columnArray(type, runs.map(value)));
}

function heeded({ transition, outcome }: FinishedRun): Transition {
  return heedCancel(transition, outcome);
}

/** Null: as it is. */
function attemptsOf(transition: Transition): number | null {
  return ('attempts' in transition ? transition.attempts : null) ?? null;
}

function crashesOf(transition: Transition): number | null {
  return ('crashes' in transition ? transition.crashes : null) ?? null;
}

/** A foreground run keeps its failed job for its own retry, so that no worker takes it. */
export function keepsFailed({ kind }: Pick<Session, 'kind'>): boolean {
  return kind === 'run';
}

/** Another worker may have to run its job again, now or later. */
export function leavesWork({ transition }: FinishedRun): boolean {
  return transition.to === 'failed' || transition.to === 'pending' || transition.to === 'scheduled';
}

function refuseImpossible(to: State): void {
  const allowed = isAllowed('finish', 'processing', to) || isAllowed('give_back', 'processing', to);
  if (!allowed) throw new Error(`no run ends in the state ${to}`);
}
