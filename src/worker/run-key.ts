import type { RunKey } from '../store/store.js';

export function keyOf({ seq, run }: RunKey): string {
  return `${seq}.${run}`;
}

export function isRun(job: RunKey, key: RunKey): boolean {
  return job.seq === key.seq && job.run === key.run;
}

export function isIn(keys: readonly RunKey[], key: RunKey): boolean {
  return keys.some((one) => isRun(one, key));
}

export function toKey({ seq, run }: RunKey): RunKey {
  return { seq, run };
}
