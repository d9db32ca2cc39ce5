import { thisProcess } from '../launcher/process-identity.js';
import type { Launcher } from '../launcher/launcher.js';
import type { AnyHandlers, HandlerTypes } from '../job/input.js';
import type { SessionOwner } from '../store/store.js';
import type { AnyHandler } from './handlers.js';
import type { WorkerOptions } from './worker-options.js';

/** What a worker tells the store of itself. */
export function sessionOwner<H extends HandlerTypes<H> = AnyHandlers>(
  { slots, queues = null, ...options }: WorkerOptions<H>,
  functions: ReadonlyMap<string, AnyHandler>,
  launcher: Launcher | null,
): SessionOwner {
  const handlers = [...(runsCommands(options) ? [''] : []), ...functions.keys()];
  return {
    ...thisProcess(),
    kind: 'worker',
    slots,
    queues,
    handlers,
    launcherLock: launcher?.lockFile ?? null,
  };
}

export function runsCommands({ commands = true }: { readonly commands?: boolean }): boolean {
  return commands;
}
