import { loadSettings } from './config.js';
import { homeDirectory } from './home.js';
import type { AnyHandlers, HandlerTypes } from './job/input.js';
import { Queue } from './queue.js';
import { openStore } from './store/open-store.js';

export interface OpenQueueOptions {
  /** Where settings come from besides config.json; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long a call waits for a lock before it throws `unavailable`; the setting by default, Infinity for workers. */
  readonly lockTimeoutMs?: number;
}

/**
 * Opens the queue in a home directory (`$QUEUECTL_HOME`, else `~/.queuectl`) and makes what is missing.
 * `H` names the handlers of your programs with their payloads and results, for the compiler.
 * Throws `not_permitted` or `unavailable` where it cannot be used, `usage` for a bad setting. Close it after use.
 */
export async function openQueue<H extends HandlerTypes<H> = AnyHandlers>(
  location?: string,
  options: OpenQueueOptions = {},
): Promise<Queue<H>> {
  const env = options.env ?? process.env;
  const home = location ?? homeDirectory(env);
  const settings = loadSettings(home, env);
  const store = await openStore(home, { lockTimeoutMs: options.lockTimeoutMs ?? settings.lockTimeoutMs });
  return new Queue(store, settings);
}
