/**
 * Numbers of jobs that were given out and that nobody has been seen to have. A number is taken before its transaction
 * commits, so that a job may appear behind one that was seen already; or it never does, where that was rolled back. Pure.
 */
import type { SeqGap } from '../overview.js';

/** What the server says of the transactions that go on: all below `xmin` are over, all from `xmax` on have not begun. */
export interface Horizon {
  readonly xmin: number;
  readonly xmax: number;
}

/** So many of them are remembered, the latest: jobs that were removed long ago leave gaps, too. */
const MOST_GAPS = 500;
/** From when a transaction takes a number to when it has one itself: microseconds, unless its process is held up. */
const SURELY_NUMBERED_MS = 1000;

/** What is missing behind that number among these, which are in order. */
export function gapsIn(after: number, seqs: readonly number[], nowMs: number): SeqGap[] {
  let last = after;
  return seqs.flatMap((seq) => {
    const gap = { from: last + 1, to: seq - 1, sinceMs: nowMs, until: null };
    last = seq;
    return gap.to < gap.from ? [] : [gap];
  });
}

/** What is left of them once these have been seen, and where a transaction may still fill it. */
export function remaining(
  gaps: readonly SeqGap[],
  seen: readonly number[],
  { xmin, xmax }: Horizon,
  nowMs: number,
): SeqGap[] {
  const left = gaps.flatMap(({ from, to, sinceMs, until }) => {
    if (until !== null && xmin >= until) return [];
    const mark = until ?? (nowMs - sinceMs >= SURELY_NUMBERED_MS ? xmax : null);
    const inside = seen.filter((seq) => seq >= from && seq <= to);
    return gapsIn(from - 1, [...inside, to + 1], sinceMs).map((gap) => ({ ...gap, until: mark }));
  });
  return left.slice(-MOST_GAPS);
}
