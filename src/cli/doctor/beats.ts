/** Of a queue on a server: whether those that run its jobs still say that they live. */
import { formatLocal } from '../../time.js';
import { ok, some, warn } from './check.js';
import type { Check, OpenPatient } from './check.js';

export const beats: Check<OpenPatient> = {
  name: 'beats',
  look: async ({ store }) => {
    const late = (await store.listSessions()).filter(({ isLate }) => isLate);
    if (late.length === 0) return ok('every worker has sent one within a third of its lease');
    const named = late.map(({ kind, name, host, pid, lastBeatAtMs, isSilent }) => {
      const last = lastBeatAtMs === null ? '' : `, last ${formatLocal(lastBeatAtMs)}`;
      const whole = isSilent ? ', its lease is over' : '';
      return `${name ?? kind} on ${host} (pid ${pid}${last}${whole})`;
    });
    return warn(
      `none for longer than a third of the lease from ${some(named)}`,
      'see to its machine and its network; once its lease is over, other workers take its jobs',
    );
  },
};
