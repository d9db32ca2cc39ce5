/** How each fail-point is reached: what stands in the queue before, and which process comes there. */
import type { Failpoint } from '../../src/failpoint.js';
import { SET_PRIORITY } from './checkers/evidence.js';
import type { ChangeCall, JobKind, JobRow } from './checkers/evidence.js';
import { ask, cancel, change, enqueue, enqueueBulk, prune, retryDead } from './harness/client.js';
import { drain } from './harness/drain.js';
import { takeSnapshot } from './harness/snapshot.js';
import { WorkerProcess } from './harness/worker-process.js';
import type { World } from './harness/world.js';
import { forgetSchema, logsLeft, oldJobsLeft, plantClaim, plantOldJobs, untilRunning } from './plant.js';

type Fatal = `${Failpoint}:${number}=kill9`;

export interface Scenario {
  /** How often one process comes to the point here. */
  readonly hits: 1 | 2;
  /** A worker's own point: it can be stopped there, too. */
  readonly isWorkers?: boolean;
  /** Brings a process to the point; resolves when it has ended. True: the point killed it. */
  readonly play: (world: World, failpoint: Fatal) => Promise<boolean>;
}

async function fill(world: World, kinds: readonly JobKind[]): Promise<void> {
  await enqueueBulk(
    world,
    kinds.map((kind) => world.askFor(kind)),
  );
}

async function diesAtPoint(worker: WorkerProcess): Promise<boolean> {
  return (await worker.endsWithin(60_000)).signal === 'SIGKILL';
}

/** A worker with one slot and two jobs, so that each step of a run comes twice. */
const workerRuns: Scenario = {
  hits: 2,
  isWorkers: true,
  play: async (world, failpoint) => {
    await fill(world, ['nap', 'nap', 'flaky']);
    return diesAtPoint(new WorkerProcess(world, { slots: 1, untilEmpty: true, failpoint }));
  },
};

/** Two workers were killed while they ran jobs, so that another one has two sessions to rescue. */
const workerRescues: Scenario = {
  hits: 2,
  isWorkers: true,
  play: async (world, failpoint) => {
    await fill(world, ['clinger', 'runaway', 'clinger', 'long']);
    const victims = [new WorkerProcess(world), new WorkerProcess(world)];
    await untilRunning(world, 4);
    await Promise.all(victims.map((victim) => victim.kill()));
    return diesAtPoint(new WorkerProcess(world, { untilEmpty: true, failpoint }));
  },
};

const workerStarts: Scenario = {
  hits: 1,
  isWorkers: true,
  play: async (world, failpoint) => {
    await fill(world, ['ok']);
    return diesAtPoint(new WorkerProcess(world, { untilEmpty: true, failpoint }));
  },
};

/** The store holds two claims for a living worker of which it does not know. */
const workerGivesBack: Scenario = {
  // Both go back in one transaction.
  hits: 1,
  isWorkers: true,
  play: async (world, failpoint) => {
    await fill(world, ['long', 'ok', 'ok']);
    const worker = new WorkerProcess(world, { slots: 1, untilEmpty: true, failpoint });
    await untilRunning(world, 1);
    await plantClaim(world, 2);
    return diesAtPoint(worker);
  },
};

/** Short jobs, so that it claims ahead; then long ones, behind which what was claimed waits for too long. */
const workerWithdraws: Scenario = {
  hits: 1,
  isWorkers: true,
  play: async (world, failpoint) => {
    const many = (count: number, kind: JobKind): JobKind[] => Array.from({ length: count }, () => kind);
    await fill(world, [...many(24, 'ok'), ...many(4, 'long'), ...many(8, 'ok')]);
    return diesAtPoint(new WorkerProcess(world, { slots: 4, untilEmpty: true, failpoint }));
  },
};

const clientMigrates: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await forgetSchema(world);
    return (await enqueue(world, world.askFor('ok'), { failpoint })).killed;
  },
};

/** Of three jobs the last has an id that is taken: the store takes the halves, one after the other. */
const clientEnqueues: Scenario = {
  hits: 2,
  play: async (world, failpoint) => {
    await enqueue(world, world.askFor('ok', 'taken'));
    if (failpoint.includes(':1=')) return (await enqueue(world, world.askFor('ok'), { failpoint })).killed;
    const jobs = [world.askFor('ok'), world.askFor('ok'), world.askFor('ok', 'taken')];
    return (await enqueueBulk(world, jobs, { failpoint })).killed;
  },
};

const clientRetries: Scenario = {
  // Both in one transaction.
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['fail', 'fail']);
    await drain(world, [], 60_000);
    return (await retryDead(world, ['1', '2'], { failpoint })).killed;
  },
};

/** One that runs and one that waits; then the worker dies as well, with the wish that was stored. */
const clientCancels: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['clinger', 'nap']);
    const worker = new WorkerProcess(world, { slots: 1 });
    await untilRunning(world, 1);
    const { killed } = await cancel(world, ['1', '2'], { failpoint });
    await worker.kill();
    return killed;
  },
};

const BOTH = ['1', '2'];

/** Of a change of two jobs both are there after its commit, and none before. */
async function changeBoth(
  world: World,
  what: ChangeCall,
  failpoint: Fatal,
  isChanged: (job: JobRow | undefined) => boolean,
): Promise<boolean> {
  const { killed } = await change(world, what, BOTH, { failpoint });
  const { jobs } = await takeSnapshot(world);
  const changed = BOTH.filter((id) => isChanged(jobs.find((job) => job.id === id)));
  const expected = failpoint.includes('.after_commit') ? 2 : 0;
  if (changed.length !== expected) throw new Error(`${changed.length} of 2 jobs were changed: ${what}`);
  return killed;
}

const clientHolds: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['ok', 'ok']);
    return changeBoth(world, 'hold', failpoint, (job) => job?.state === 'held');
  },
};

const clientReleases: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['ok', 'ok']);
    await change(world, 'hold', BOTH);
    return changeBoth(world, 'release', failpoint, (job) => job?.state === 'pending');
  },
};

const clientSets: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['ok', 'ok']);
    return changeBoth(world, 'set', failpoint, (job) => job?.priority === SET_PRIORITY);
  },
};

/** Each has printed so much that it has a log; whoever is killed before files are gone leaves them to the next prune. */
const clientRemoves: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['print', 'print']);
    await drain(world, [], 60_000);
    const expectLogs = async (count: number, when: string): Promise<void> => {
      const left = await logsLeft(world);
      if (left !== count) throw new Error(`${left} logs, not ${count}: ${when}`);
    };
    await expectLogs(2, 'of two jobs that have run');
    const killed = await changeBoth(world, 'remove', failpoint, (job) => job === undefined);
    const remaining = failpoint.includes('.after_commit') ? 0 : 2;
    // What a store has taken goes with the job, in the same transaction; no file goes after a kill.
    await expectLogs(world.database === null ? 2 : remaining, 'after the kill');
    await prune(world);
    await expectLogs(remaining, 'after a prune');
    return killed;
  },
};

/** More than one step removes; whoever comes after a kill finishes it, down to the last log. */
const clientPrunes: Scenario = {
  hits: 2,
  play: async (world, failpoint) => {
    await fill(world, ['ok']);
    await drain(world, [], 60_000);
    await plantOldJobs(world, 250);
    const { killed } = await prune(world, { failpoint });
    await prune(world);
    const { rows, logs } = await oldJobsLeft(world);
    if (rows + logs > 0) throw new Error(`${rows} jobs and ${logs} logs were left`);
    return killed;
  },
};

const clientStops: Scenario = {
  hits: 1,
  play: async (world, failpoint) => {
    await fill(world, ['nap', 'nap']);
    const worker = new WorkerProcess(world, { slots: 1 });
    await untilRunning(world, 1);
    const { killed } = await ask(world, 'stop', { failpoint });
    await worker.kill();
    return killed;
  },
};

export const SCENARIOS = {
  'migrate.before_commit': clientMigrates,
  'migrate.after_commit': clientMigrates,
  'enqueue.before_transaction': clientEnqueues,
  'enqueue.before_commit': clientEnqueues,
  'enqueue.after_commit': clientEnqueues,
  'session.after_lock': workerStarts,
  'session.after_commit': workerStarts,
  'claim.before_commit': workerRuns,
  'claim.after_commit': workerRuns,
  'run.before_note': workerRuns,
  'run.before_spawn': workerRuns,
  'run.after_spawn': workerRuns,
  'run.after_note': workerRuns,
  'run.after_exit': workerRuns,
  'withdraw.after_command': workerWithdraws,
  'finish.before_commit': workerRuns,
  'finish.after_commit': workerRuns,
  'finish.after_cleanup': workerRuns,
  'give_back.before_commit': workerGivesBack,
  'rescue.before_kill': workerRescues,
  'rescue.after_kill': workerRescues,
  'rescue.after_commit': workerRescues,
  'retry.before_commit': clientRetries,
  'retry.after_commit': clientRetries,
  'cancel.before_commit': clientCancels,
  'cancel.after_commit': clientCancels,
  'hold.before_commit': clientHolds,
  'hold.after_commit': clientHolds,
  'release.before_commit': clientReleases,
  'release.after_commit': clientReleases,
  'set.before_commit': clientSets,
  'set.after_commit': clientSets,
  'remove.before_commit': clientRemoves,
  'remove.after_commit': clientRemoves,
  'prune.before_commit': clientPrunes,
  'prune.after_commit': clientPrunes,
  'prune.after_logs': clientPrunes,
  'stop.before_commit': clientStops,
  'stop.after_commit': clientStops,
  'close.before_commit': workerRescues,
  'close.after_commit': workerRescues,
} as const satisfies Record<Failpoint, Scenario>;
