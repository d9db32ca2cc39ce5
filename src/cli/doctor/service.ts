/** Settings, pauses and workers: is anybody going to run what waits? */
import { configPath, listSettings, SETTINGS, unknownKeys } from '../../config.js';
import { didYouMean, QueueError } from '../../errors.js';
import { formatLocal } from '../../time.js';
import { describeUnserved } from '../unserved.js';
import { fail, ok, some, warn } from './check.js';
import type { Check, OpenPatient } from './check.js';

export const settings: Check = {
  name: 'settings',
  look: async ({ home, env }) => {
    try {
      const unknown = unknownKeys(home);
      listSettings(home, env);
      if (unknown.length === 0) return ok('every setting is known, and has a value that it can have');
      const names = SETTINGS.map(({ name }) => name);
      const [meant] = unknown.flatMap((key) => didYouMean(key, names) ?? []);
      return warn(
        `${configPath(home)} has what is no setting: ${some(unknown)}`,
        meant ?? 'remove it by hand; queuectl config list shows what there is',
      );
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      return fail(error.message, error.hint ?? 'queuectl config set, or unset');
    }
  },
};

const MANY_READY = 100;

export const pausedQueues: Check<OpenPatient> = {
  name: 'paused queues',
  look: async ({ store }) => {
    const full = (await store.listQueues()).flatMap(({ name, pausedAtMs, counts }) =>
      pausedAtMs === null || counts.pending < MANY_READY
        ? []
        : [`${name} with ${counts.pending} ready jobs since ${formatLocal(pausedAtMs)}`],
    );
    if (full.length === 0) return ok(`none with ${MANY_READY} ready jobs or more`);
    return warn(`paused: ${some(full)}`, 'queuectl resume');
  },
};

export const workers: Check<OpenPatient> = {
  name: 'workers',
  look: async ({ store }) => {
    const unserved = await store.unservedLanes();
    if (unserved.length === 0) return ok('a worker runs for every queue that has ready jobs');
    const { problem, start } = describeUnserved(unserved);
    return warn(problem, start);
  },
};
