/** The store that a location names; each adapter is loaded only when used. */
import { usageError } from '../errors.js';
import { homeDirectory } from '../home.js';
import { isDatabaseUrl } from '../job/database-url.js';
import type { OpenOptions, Store } from './store.js';

/**
 * `location`: the home directory of a SQLite queue, or the URL of a PostgreSQL database. What stays on this machine then
 * lies in `options.home`.
 */
export async function openStore(location: string, options: OpenOptions): Promise<Store> {
  if (isDatabaseUrl(location)) {
    const [postgres, locks] = await Promise.all([
      import('./postgres/open.js'),
      import('./sqlite/session-lock.js'),
    ]);
    return postgres.openStore(location, options.home ?? homeDirectory(process.env), locks, options);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) {
    throw usageError(
      `cannot open ${location.split('://')[0]}:// databases`,
      'give the home directory of a queue, or a postgres:// URL',
    );
  }
  const sqlite = await import('./sqlite/open.js');
  return sqlite.openStore(location, options, async (url, databaseId) => {
    const postgres = await import('./postgres/open.js');
    return postgres.hasArrived(url, databaseId);
  });
}
