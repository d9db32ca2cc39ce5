/** Rounds of kill -9 on homes that live through many of them, and the checks after each so many. */
import { checkAll } from '../checkers/check-all.js';
import type { Evidence, Violation } from '../checkers/evidence.js';
import { recoveries } from '../checkers/timing.js';
import { enqueue } from '../harness/client.js';
import { drain } from '../harness/drain.js';
import type { WorkerProcess } from '../harness/worker-process.js';
import { World } from '../harness/world.js';
import { describeStory } from '../soak/story.js';
import { playRound } from './round.js';

export interface CrashRoundsOptions {
  readonly seed: number;
  readonly rounds: number;
  /** No new round begins after that. */
  readonly forMs: number;
  readonly say: (line: string) => void;
}

export interface CrashRoundsResult {
  readonly rounds: number;
  readonly jobs: number;
  readonly runs: number;
  readonly kills: number;
  readonly lostRuns: number;
  /** Seconds; of lost runs that nothing but the kill hindered. */
  readonly recoveryS: readonly number[];
  readonly violations: readonly Violation[];
}

const ROUNDS_A_HOME = 50;
const MOST_STORIES = 5;
const DRAIN_MS = 300_000;
/** Nobody may be there to rescue until the next round begins. */
const RECOVERY_S = 60;

export async function crashRounds(options: CrashRoundsOptions): Promise<CrashRoundsResult> {
  const startedAt = performance.now();
  const total = { rounds: 0, jobs: 0, runs: 0, kills: 0, lostRuns: 0 };
  const recoveryS: number[] = [];
  const violations: Violation[] = [];
  const isOver = (): boolean =>
    total.rounds >= options.rounds || performance.now() - startedAt > options.forMs;
  for (let part = 0; !isOver() && violations.length === 0; part++) {
    const world = new World({ seed: options.seed + part });
    try {
      let survivor: WorkerProcess | null = null;
      await enqueue(world, world.askFor('ok'));
      for (let round = 0; round < ROUNDS_A_HOME && !isOver(); round++, total.rounds++) {
        ({ survivor } = await playRound(world, survivor));
      }
      const evidence = await drain(world, survivor === null ? [] : [survivor], DRAIN_MS);
      const found = checkAll(evidence, { bootS: world.bootS, recoveryBoundS: RECOVERY_S });
      violations.push(...found);
      addUp(total, evidence);
      recoveryS.push(...recoveries(evidence, world.bootS).map(({ seconds }) => seconds));
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      options.say(
        `${total.rounds} rounds, ${total.kills} kills, ${total.jobs} jobs, ${total.lostRuns} lost runs, ${seconds} s`,
      );
      for (const violation of found.slice(0, MOST_STORIES)) options.say(describeStory(violation, evidence));
    } finally {
      world.remove();
    }
  }
  return { ...total, recoveryS, violations };
}

function addUp(
  total: { jobs: number; runs: number; kills: number; lostRuns: number },
  evidence: Evidence,
): void {
  const { jobs, runs } = evidence.snapshot;
  total.jobs += jobs.length;
  total.runs += runs.length;
  total.kills += evidence.faults.filter(({ fault }) => fault === 'kill').length;
  total.lostRuns += runs.filter(({ outcome }) => outcome === 'lost').length;
}
