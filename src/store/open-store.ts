/** The store that a location names; each adapter is loaded only when used. */
import { usageError } from '../errors.js';
import type { OpenOptions, Store } from './store.js';

/** `location`: the home directory of a SQLite queue. */
export async function openStore(location: string, options: OpenOptions): Promise<Store> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) {
    throw usageError(
      `cannot open ${location.split('://')[0]}:// databases`,
      'give the home directory of a queue',
    );
  }
  const sqlite = await import('./sqlite/open.js');
  return sqlite.openStore(location, options);
}
