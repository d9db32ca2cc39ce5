import { loadSettings } from './config.js';
import { requireOwnDatabase } from './own-database.js';
import { homeDirectory } from './home.js';
import { isDatabaseUrl } from './job/database-url.js';
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
 * Opens the queue of a home directory (`$QUEUECTL_HOME`, else `~/.queuectl`), or of a PostgreSQL database by its URL, and
 * makes what is missing. The home of a queue in a database holds what stays on this machine.
 * `H` names the handlers of your programs with their payloads and results, for the compiler.
 * Throws `not_permitted` or `unavailable` where it cannot be used, `usage` for a bad setting. Close it after use.
 */
export async function openQueue<H extends HandlerTypes<H> = AnyHandlers>(
  location?: string,
  options: OpenQueueOptions = {},
): Promise<Queue<H>> {
  const env = options.env ?? process.env;
  const isUrl = location !== undefined && isDatabaseUrl(location);
  const home = location === undefined || isUrl ? homeDirectory(env) : location;
  const settings = loadSettings(home, env);
  const database = isUrl ? location : settings.database;
  if (!isUrl) requireOwnDatabase(database, env);
  const lockTimeoutMs = options.lockTimeoutMs ?? settings.lockTimeoutMs;
  const { leaseMs } = settings;
  return new Queue(await openStore(database ?? home, { lockTimeoutMs, home, leaseMs }), settings);
}
