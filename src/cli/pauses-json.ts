import type { Pauses } from '../store/store.js';

/** What is paused, in `status --json`, and what `pause` and `resume` answer. */
export function pausesJson({ allSinceMs, queues }: Pauses): Record<string, unknown> {
  return { all: allSinceMs !== null, queues: queues.map(({ name }) => name) };
}

export const PAUSES_FIELDS = ['all', 'queues'] as const;
