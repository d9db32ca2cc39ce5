import { QueueError } from './errors.js';
import { databaseName } from './job/database-url.js';

/**
 * A `queuectl` inside of a job means the queue of its worker. The URL is a secret that the job did not inherit; its marker
 * tells which database that is. Throws `unavailable` where another one, or none, would be taken in its place.
 */
export function requireOwnDatabase(
  database: string | null,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const own = env['QUEUECTL_DATABASE'] ?? '';
  // One that was named for this command is meant.
  if (own === '' || (env['QUEUECTL_DATABASE_URL'] ?? '') !== '') return;
  if (database !== null && databaseName(database) === own) return;
  throw new QueueError(
    'unavailable',
    `the queue of this job is in the database ${own}, and the job has no access to it`,
    'give it to the job: --env QUEUECTL_DATABASE_URL=…, or on its machine: queuectl config set database URL',
  );
}
