import type { ProcessingJob } from '../job/job.js';
import type { Store } from '../store/store.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Ours, and no business of a job's: what gives access to the database, and the marks of the run we may be part of. */
const SECRETS: ReadonlySet<string> = new Set([
  'QUEUECTL_DATABASE_URL',
  'QUEUECTL_DATABASE',
  'QUEUECTL_TOKEN',
]);

/** The worker's environment without our secrets. Read once a worker: Node asks the system for each variable. */
export function inheritedEnvironment(worker: Environment): Record<string, string> {
  const inherited = Object.entries(worker).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !SECRETS.has(entry[0]),
  );
  return Object.fromEntries(inherited);
}

/** On top of what the worker hands down: the job's own, then what tells a job who it is. */
export function jobEnvironment(
  job: ProcessingJob,
  { home, database }: Pick<Store, 'home' | 'database'>,
  token: string,
): Record<string, string> {
  return {
    ...job.env,
    QUEUECTL_JOB_ID: job.id,
    QUEUECTL_RUN: String(job.run),
    QUEUECTL_QUEUE: job.queue,
    QUEUECTL_TOKEN: token,
    QUEUECTL_WORKER_PID: String(process.pid),
    QUEUECTL_HOME: home,
    ...(database !== null && { QUEUECTL_DATABASE: database }),
  };
}
