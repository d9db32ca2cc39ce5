import { callContract } from './calls.js';
import { changesHold } from './changes.js';
import { cancelledIsOver } from './cancels.js';
import type { Evidence, Invariant, Violation } from './evidence.js';
import { noLoss, noPhantom, oneWinnerForAnId } from './loss.js';
import { atLeastOnce, boundedDuplicates, exactlyOnceWithoutFaults, legalHistory, noOverlap } from './runs.js';
import { integrity, noOrphans, withinBounds } from './state.js';
import { backoffKept, recovered } from './timing.js';

/** What holds in every history; I10 has a scenario of its own, where one worker runs alone. */
export const EVERYWHERE: readonly Invariant[] = [
  'I1',
  'I2',
  'I3',
  'I4',
  'I5',
  'I6',
  'I7',
  'I8',
  'I12',
  'I13',
  'I14',
  'I15',
  'I16',
  'I17',
  'I18',
];

/** Everything that is wrong with the history, the gravest first. */
export function checkAll(
  evidence: Evidence,
  options: { readonly bootS: number; readonly recoveryBoundS: number },
): Violation[] {
  const checkers = [
    noLoss,
    noOverlap,
    noOrphans,
    integrity,
    noPhantom,
    oneWinnerForAnId,
    atLeastOnce,
    exactlyOnceWithoutFaults,
    boundedDuplicates,
    legalHistory,
    backoffKept,
    withinBounds,
    recovered(options.bootS, options.recoveryBoundS),
    callContract,
    cancelledIsOver,
    changesHold,
  ];
  return checkers.flatMap((check) => check(evidence));
}
