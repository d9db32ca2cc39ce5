import { thisProcess } from '../launcher/process-identity.js';
import type { Launcher } from '../launcher/launcher.js';
import type { SessionOwner } from '../store/store.js';
import type { WorkerOptions } from './worker-options.js';

type Own = Pick<WorkerOptions, 'slots' | 'queues' | 'commands'>;

/** What a worker tells the store of itself; `functions`: the names of its handlers. */
export function sessionOwner(
  options: Own,
  functions: Iterable<string>,
  launcher: Launcher | null,
): SessionOwner {
  const { slots, queues = null } = options;
  const handlers = [...(runsCommands(options) ? [''] : []), ...functions];
  return {
    ...thisProcess(),
    kind: 'worker',
    slots,
    queues,
    handlers,
    launcherLock: launcher?.lockFile ?? null,
  };
}

export function runsCommands({ commands = true }: Pick<Own, 'commands'>): boolean {
  return commands;
}
