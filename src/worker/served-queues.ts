import { usageError } from '../errors.js';
import { readValue } from '../job/option-kinds.js';

/** Throws `usage` for queues that no worker can serve; none named: every queue. */
export function checkQueues(queues: readonly string[] | null | undefined): void {
  for (const name of queues ?? []) readValue({ kind: 'name' }, name, 'a queue');
  if (queues?.length === 0)
    throw usageError('a worker of no queue has nothing to do', 'leave "queues" out for all of them');
}
