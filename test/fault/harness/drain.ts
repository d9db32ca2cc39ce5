/** The end of a history: everything is healed, the queue drains, the workers stop, and the evidence is taken. */
import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../../support/processes.js';
import type { Evidence, Snapshot } from '../checkers/evidence.js';
import { describeJobProcesses } from './job-processes.js';
import { readLedger } from './ledger.js';
import { takeSnapshot, viewOf } from './snapshot.js';
import type { StoreView } from './snapshot.js';
import { WorkerProcess } from './worker-process.js';
import type { World } from './world.js';

const POLL_MS = 50;

/** A queue that does not lie in the world's home. */
export interface Elsewhere {
  readonly view: StoreView;
  /** Workers enough for all that is left. */
  readonly workers: readonly WorkerProcess[];
}

/**
 * Lets the workers (or a new one) run until every job has come to its end or is held, then stops them. Whatever does not
 * happen within the deadline is told as `stuck` in the evidence.
 */
export async function drain(
  world: World,
  living: readonly WorkerProcess[],
  deadlineMs: number,
  elsewhere?: Elsewhere,
): Promise<Evidence> {
  const deadline = performance.now() + deadlineMs;
  const workers = [...living, ...(elsewhere?.workers ?? [new WorkerProcess(world, { slots: 4 })])];
  const view = elsewhere?.view ?? viewOf(world);
  let stuck: string | null = null;
  for (;;) {
    const left = await view.unfinished();
    if (left.length === 0) break;
    if (performance.now() >= deadline) {
      stuck = `after ${deadlineMs} ms the queue had not drained: ${left.map(({ id, state }) => `${id} ${state}`).join(', ')}`;
      break;
    }
    await delay(POLL_MS);
  }
  for (const worker of workers) {
    worker.sample(world);
    // Before that, it would not know what to make of a signal.
    await waitUntil(() => worker.end ?? worker.text().includes('Polling'), {
      what: 'a worker',
    });
  }
  const ends = await Promise.allSettled(workers.map(async (worker) => worker.stop()));
  for (const [index, end] of ends.entries()) {
    const worker = workers[index];
    if (worker === undefined || worker.end?.signal === 'SIGKILL') continue;
    if (end.status === 'rejected') stuck ??= String(end.reason);
    else if (end.value.exitCode !== 0)
      stuck ??= `worker ${worker.pid} exited ${end.value.exitCode}: ${worker.text().slice(-500)}`;
    await worker.kill();
  }
  return evidenceOf(world, await view.snapshot(), stuck);
}

/** Only once every worker has stopped. */
export async function takeEvidence(world: World, stuck: string | null): Promise<Evidence> {
  return evidenceOf(world, await takeSnapshot(world), stuck);
}

function evidenceOf(world: World, snapshot: Snapshot, stuck: string | null): Evidence {
  const { operations, faults, samples } = world;
  return {
    operations,
    faults,
    samples,
    stuck,
    ledger: readLedger(world.ledgerFile),
    snapshot,
    leftProcesses: describeJobProcesses(world),
  };
}
