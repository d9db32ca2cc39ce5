/** What dead workers left: their jobs, their processes, their files. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../errors.js';
import { endLeftovers, listLeftovers } from '../../launcher/leftovers.js';
import { bootId } from '../../launcher/process-identity.js';
import { rescueDeadSessions } from '../../maintenance/rescue.js';
import { sweepLeftFiles } from '../../maintenance/sweep.js';
import { removeFile } from '../../output/collect.js';
import { noteFile } from '../../output/log-file.js';
import { removeLogs } from '../../output/remove.js';
import type { RunKey, Store } from '../../store/store.js';
import { count, ok, some, warn } from './check.js';
import type { Check, OpenPatient } from './check.js';

export const deadWorkers: Check<OpenPatient> = {
  name: 'dead workers',
  look: async ({ store }) => {
    const dead = await store.listDeadSessions(bootId());
    if (dead.length === 0) return ok('none that left jobs');
    const jobs = (await Promise.all(dead.map(({ session }) => store.listOwned(session)))).flat();
    return warn(
      `${count(dead.length, 'worker')} died and left ${count(jobs.length, 'job')}; nobody has seen to it yet`,
      'a worker does it at its start: queuectl worker start; or queuectl doctor --fix',
    );
  },
  mend: async ({ store }) => {
    const before = await store.listDeadSessions(bootId());
    await rescueDeadSessions(store);
    const after = await store.listDeadSessions(bootId());
    const rescued = before.filter(({ session }) => !after.some((left) => left.session.id === session.id));
    return rescued.map(({ session }) => `rescued the jobs of worker ${session.id} (pid ${session.pid})`);
  },
};

export const orphans: Check<OpenPatient> = {
  name: 'orphans',
  look: async ({ store }) => {
    const found = await findOrphans(store);
    if (found.length === 0) return ok('no process of a run that is over');
    const pids = found.flatMap((orphan) => orphan.pids.map(String));
    return warn(
      `${count(pids.length, 'process')} of runs that are over: pid ${some(pids)}`,
      'queuectl doctor --fix',
    );
  },
  mend: async ({ store }) => {
    const done: string[] = [];
    for (const { key, pids } of await findOrphans(store)) {
      const note = noteFile(store.runDir, key.seq, key.run);
      const { ended } = await endLeftovers(note);
      removeFile(note);
      done.push(
        `ended ${count(ended, 'process')} of job ${key.seq}, run ${key.run} (pid ${pids.join(', ')})`,
      );
    }
    return done;
  },
};

/** Living processes with a note of ours whose run the store does not have as processing, before and after the look. */
async function findOrphans(
  store: Store,
): Promise<{ readonly key: RunKey; readonly pids: readonly number[] }[]> {
  const found = [];
  for (const key of await runsThatAreOver(store, notes(store))) {
    const pids = await listLeftovers(noteFile(store.runDir, key.seq, key.run));
    if (pids.length > 0 && (await runsThatAreOver(store, [key])).length > 0) found.push({ key, pids });
  }
  return found;
}

async function runsThatAreOver(store: Store, keys: readonly RunKey[]): Promise<RunKey[]> {
  const processing = await store.areProcessing(keys);
  return keys.filter((_, index) => processing[index] === false);
}

export const leftFiles: Check<OpenPatient> = {
  name: 'left files',
  look: async ({ store }) => {
    const logs = await logsWithoutJob(store);
    const left = await runsThatAreOver(store, notes(store));
    if (logs.size + left.length === 0) return ok('every log and note has its job');
    return warn(
      `logs of ${count(logs.size, 'job')} that is gone, ${count(left.length, 'note')} of runs that are over`,
      'queuectl doctor --fix',
    );
  },
  mend: async ({ store }) => {
    const logs = await logsWithoutJob(store);
    await removeLogs(store.logsDir, logs);
    const left = (await runsThatAreOver(store, notes(store))).length;
    if (names(store.runDir).length > 0) await sweepLeftFiles(store);
    return [
      ...(logs.size === 0 ? [] : [`removed the logs of ${count(logs.size, 'job')} that is gone`]),
      ...(left === 0 ? [] : [`removed ${count(left, 'note')} of runs that are over`]),
    ];
  },
};

/** The jobs are asked for after the logs were found: a job is stored before it can have one, and no number comes again. */
async function logsWithoutJob(store: Store): Promise<Set<number>> {
  const gone = new Set<number>();
  for (const shard of names(store.logsDir)) {
    const seqs = new Set(
      names(join(store.logsDir, shard))
        .flatMap((name) => toRun(name, /^(\d+)\.(\d+)\.log$/))
        .map(({ seq }) => seq),
    );
    const stored = new Set((await store.findJobs([...seqs])).map(({ seq }) => seq));
    for (const seq of seqs) if (!stored.has(seq)) gone.add(seq);
  }
  return gone;
}

function notes(store: Store): RunKey[] {
  return names(store.runDir).flatMap((name) => toRun(name, /^(\d+)\.(\d+)$/));
}

function toRun(name: string, shape: RegExp): RunKey[] {
  const match = shape.exec(name);
  return match === null ? [] : [{ seq: Number(match[1]), run: Number(match[2]) }];
}

/** None where the directory was never made. */
function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
