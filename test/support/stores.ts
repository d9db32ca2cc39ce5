/** Homes, jobs, owners and ends of runs, for tests that talk to a store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Transition } from '../../src/job/decide.js';
import type { Job, NewJob, OutcomeKind } from '../../src/job/job.js';
import { parseJobInput } from '../../src/job/parse-job.js';
import { thisProcess } from '../../src/launcher/process-identity.js';
import { openStore } from '../../src/store/open-store.js';
import type { FinishedRun, RunKey, SessionOwner, Store } from '../../src/store/store.js';
import { takeDatabase } from './test-database.js';

export const HOUR_MS = 3_600_000;
export const LOCK_TIMEOUT_MS = 20_000;

/** A directory for a home; removed after the test, or by the returned function's caller in `afterAll`. */
export function makeTemporaryHome(): { readonly home: string; readonly remove: () => void } {
  const parent = mkdtempSync(join(tmpdir(), 'queuectl-store-'));
  const remove = (): void => rmSync(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  return { home: join(parent, 'home'), remove };
}

export function temporaryHome(): string {
  const { home, remove } = makeTemporaryHome();
  onTestFinished(remove);
  return home;
}

/** Of homes, on a run on PostgreSQL. */
const databases = new Map<string, string>();

/** The URL of the home's database; null: it lies in the home. Gone after the test that asked first. */
export function databaseOf(home: string): string | null {
  const known = databases.get(home);
  if (known !== undefined) return known;
  const taken = takeDatabase();
  if (taken === null) return null;
  databases.set(home, taken.url);
  onTestFinished(() => {
    databases.delete(home);
    taken.giveBack();
  });
  return taken.url;
}

/** Opens the store of a home, once more where it is open already; closed after the test. */
export async function openTestStore(home = temporaryHome(), lockTimeoutMs = LOCK_TIMEOUT_MS): Promise<Store> {
  const store = await openStore(databaseOf(home) ?? home, { lockTimeoutMs, home });
  onTestFinished(() => store.close());
  return store;
}

/** Opens the store in a database on a server; closed after the test. */
export async function openStoreAt(url: string): Promise<Store> {
  const store = await openStore(url, { lockTimeoutMs: LOCK_TIMEOUT_MS, home: temporaryHome() });
  onTestFinished(() => store.close());
  return store;
}

export function newJob(changes: Partial<NewJob> = {}): NewJob {
  return { ...parseJobInput({ command: 'true' }), ...changes };
}

export function owner(changes: Partial<SessionOwner> = {}): SessionOwner {
  return {
    ...thisProcess(),
    kind: 'worker',
    slots: 1,
    queues: null,
    handlers: [''],
    launcherLock: null,
    ...changes,
  };
}

/** The insert of one job that must work; its id and sequence number. */
export async function insert(
  store: Store,
  changes: Partial<NewJob> = {},
): Promise<{ id: string; seq: number }> {
  const [result] = await store.insertJobs([newJob(changes)], 'error');
  if (result?.outcome !== 'inserted') throw new Error('the job was not inserted');
  return result;
}

export async function jobOf(store: Store, id: string): Promise<Job> {
  const job = await store.getJob(id);
  if (job === null) throw new Error(`job ${id} is gone`);
  return job;
}

export const TO = {
  completed: { to: 'completed' },
  failed: { to: 'failed', attempts: 1, delayMs: HOUR_MS, reason: 'exit code 1' },
  dead: { to: 'dead', attempts: 3, crashes: 0, reason: 'exit code 1' },
  cancelled: { to: 'cancelled' },
  pending: { to: 'pending', crashes: 0, delayMs: 0 },
  scheduled: { to: 'scheduled', crashes: 0, delayMs: HOUR_MS },
} as const satisfies Record<string, Transition>;

const OUTCOMES: Readonly<Record<Transition['to'], OutcomeKind>> = {
  completed: 'success',
  failed: 'failure',
  dead: 'failure',
  cancelled: 'cancelled',
  pending: 'given_back',
  scheduled: 'given_back',
};

/** The report of a run's end. */
export function ended(
  { seq, run }: RunKey,
  transition: Transition,
  changes: Partial<FinishedRun> = {},
): FinishedRun {
  const failed = transition.to === 'failed' || transition.to === 'dead';
  return {
    seq,
    run,
    transition,
    outcome: OUTCOMES[transition.to],
    exitCode: failed ? 1 : 0,
    signal: null,
    reason: failed ? transition.reason : null,
    outputBytes: 0,
    output: null,
    ...changes,
  };
}
