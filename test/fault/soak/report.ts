/** What a soak did and found, in plain text. */
import { EVERYWHERE } from '../checkers/check-all.js';
import type { Evidence, Violation } from '../checkers/evidence.js';
import { recoveries } from '../checkers/timing.js';
import { percentiles } from './figures.js';
import { describeStory } from './story.js';

const MOST_STORIES = 5;

export interface ReportInput {
  readonly seed: number;
  readonly forMs: number;
  readonly evidence: Evidence;
  readonly violations: readonly Violation[];
  readonly bootS: number;
  readonly skipped: readonly string[];
  /** Lines of its own, after the first. */
  readonly head?: readonly string[];
}

export function report({
  seed,
  forMs,
  evidence,
  violations,
  bootS,
  skipped,
  head = [],
}: ReportInput): string {
  const { operations, faults, snapshot, samples } = evidence;
  const found = recoveries(evidence, bootS);
  const seconds = (hindered: boolean): number[] =>
    found.filter((recovery) => recovery.hindered === hindered).map((recovery) => recovery.seconds);
  const most = (name: 'rssKb' | 'descriptors' | 'threads'): number =>
    Math.max(0, ...samples.map((sample) => sample[name]));
  const acknowledged = operations
    .filter(({ jobs }) => jobs.length > 0)
    .reduce((sum, { ids }) => sum + ids.length, 0);
  return [
    `seed ${seed}, ${(forMs / 60_000).toFixed(1)} minutes`,
    ...head,
    `operations: ${tally(operations.map(({ call, exitCode, killed }) => `${call} ${killed ? 'killed' : exitCode === 0 ? 'ok' : `exit ${exitCode}`}`))}`,
    `faults: ${tally(faults.map(({ fault }) => fault))}`,
    ...skipped.map((reason) => `skipped: ${reason}`),
    `jobs: ${acknowledged} acknowledged, ${snapshot.jobs.length} stored: ${tally(snapshot.jobs.map(({ state }) => state))}`,
    `runs: ${snapshot.runs.length}: ${tally(snapshot.runs.map(({ outcome }) => outcome))}`,
    `recovery after a kill: ${percentiles(seconds(false))}; while something else stood in the way: ${percentiles(seconds(true))}`,
    `worker at most: ${Math.round(most('rssKb') / 1024)} MB, ${most('descriptors')} descriptors, ${most('threads')} threads; write-ahead log ${Math.round(snapshot.walBytes / 1024)} KB`,
    ...EVERYWHERE.map((invariant) => {
      const count = violations.filter((violation) => violation.invariant === invariant).length;
      return `${invariant}: ${count === 0 ? 'ok' : `VIOLATED ${count} times`}`;
    }),
    ...violations.slice(0, MOST_STORIES).map((violation) => describeStory(violation, evidence)),
    violations.length === 0 ? 'no violation' : `${violations.length} violations; again with --seed ${seed}`,
  ].join('\n');
}

function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (
    [...counts]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([word, count]) => `${count} ${word}`)
      .join(', ') || 'none'
  );
}
