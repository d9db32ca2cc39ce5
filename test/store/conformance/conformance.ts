/** The specification of a store: every adapter passes it. */
import { describe } from 'vitest';
import { exerciseActs } from './acts.js';
import { exerciseBell } from './bell.js';
import { exerciseCancel } from './cancel.js';
import { exerciseChanges } from './changes.js';
import { exerciseChecks } from './checks.js';
import { exerciseClaims } from './claims.js';
import { exerciseCounters } from './counters.js';
import { exerciseExchange } from './exchange.js';
import { exerciseFilters } from './filters.js';
import { exerciseInsert } from './insert.js';
import { exerciseJobs } from './jobs.js';
import { exerciseLists } from './lists.js';
import { exerciseLiveness } from './liveness.js';
import { exerciseNames } from './names.js';
import { exerciseOutlook } from './outlook.js';
import { exerciseOverview } from './overview.js';
import { exercisePrune } from './prune.js';
import { exerciseQueues } from './queues.js';
import { exerciseRandomWalk } from './random-walk.js';
import { exerciseRetry } from './retry.js';
import { exerciseRunSessions } from './run-sessions.js';
import { exerciseRuns } from './runs.js';
import { exerciseSessions } from './sessions.js';
import { exerciseStates } from './states.js';
import { exerciseUnserved } from './unserved.js';
import type { OpenStoreUnderTest, StoreCapabilities } from './store-under-test.js';

export function exerciseStore(name: string, open: OpenStoreUnderTest, { liveness }: StoreCapabilities): void {
  describe(`store ${name}`, () => {
    exerciseInsert(open);
    exerciseJobs(open);
    exerciseLists(open);
    exerciseFilters(open);
    exerciseQueues(open);
    exerciseOverview(open);
    exerciseChanges(open);
    exerciseChecks(open);
    exercisePrune(open);
    exerciseActs(open);
    exerciseRetry(open);
    exerciseCancel(open);
    exerciseRuns(open);
    exerciseClaims(open);
    exerciseExchange(open);
    exerciseOutlook(open);
    exerciseRunSessions(open);
    exerciseSessions(open);
    exerciseNames(open);
    exerciseUnserved(open);
    describe.skipIf(liveness !== 'lock')('by locks', () => {
      exerciseLiveness(open);
    });
    exerciseCounters(open);
    exerciseBell(open);
    exerciseStates(open);
    exerciseRandomWalk(open);
  });
}
