/** The life of one job, told from its ended runs alone: what the queue's rules make of them. */
import { MAX_CRASHES } from '../../../src/job/decide.js';
import type { State } from '../../../src/job/state.js';
import type { JobRow, RunRow } from './evidence.js';

export interface Replay {
  /** The final state that the runs lead to; null: the job is not finished. */
  readonly end: State | null;
  readonly attempts: number;
  readonly crashes: number;
  /** How often it ran again after it was dead: each needs a person's retry. */
  readonly restarts: number;
  readonly mistakes: readonly string[];
}

const CRASH = /^lost: its (worker died|launcher ended)/;

/** `runs`: oldest first. */
export function replay(job: JobRow, runs: readonly RunRow[]): Replay {
  let [attempts, crashes, restarts] = [0, 0, 0];
  let end: State | null = null;
  const mistakes: string[] = [];
  for (const [index, run] of runs.entries()) {
    if (run.run !== index + 1) mistakes.push(`run ${index + 1} is missing: the next one is ${run.run}`);
    if (end === 'completed' || end === 'cancelled')
      mistakes.push(`run ${run.run} followed after it was ${end}`);
    if (end !== null) [attempts, crashes, restarts, end] = [0, 0, restarts + 1, null];
    switch (run.outcome) {
      case 'success':
        end = 'completed';
        break;
      case 'failure':
      case 'timeout':
        attempts += 1;
        if (attempts >= job.maxRetries) end = 'dead';
        break;
      case 'lost':
        if (CRASH.test(run.reason ?? '')) crashes += 1;
        if (crashes >= MAX_CRASHES) end = 'dead';
        break;
      case 'cancelled':
        end = 'cancelled';
        break;
      case 'given_back':
        break;
    }
  }
  return { end, attempts, crashes, restarts, mistakes };
}
