/** Lists of runs, as sets with an order. */
import type { RunKey } from '../store.js';

function nameOf({ seq, run }: RunKey): string {
  return `${seq}.${run}`;
}

/** A run ends once: what is reported a second time is refused. */
export function withoutTwins<T extends RunKey>(runs: readonly T[]): { first: T[]; again: RunKey[] } {
  const first = new Map<string, T>();
  const again: RunKey[] = [];
  for (const run of runs) {
    const name = nameOf(run);
    if (first.has(name)) again.push(run);
    else first.set(name, run);
  }
  return { first: [...first.values()], again };
}

/** Those of `all` that are among `some`, as often as they are. */
export function inOrder(all: readonly RunKey[], some: readonly RunKey[]): RunKey[] {
  if (some.length === 0) return [];
  const left = new Map<string, number>();
  for (const run of some) left.set(nameOf(run), (left.get(nameOf(run)) ?? 0) + 1);
  return all.flatMap(({ seq, run }) => {
    const n = left.get(nameOf({ seq, run })) ?? 0;
    if (n === 0) return [];
    left.set(nameOf({ seq, run }), n - 1);
    return [{ seq, run }];
  });
}

/** Those of `all` that are not among `some`. */
export function without(all: readonly RunKey[], some: readonly RunKey[]): RunKey[] {
  if (some.length === 0) return [...all];
  const gone = new Set(some.map(nameOf));
  return all.filter((run) => !gone.has(nameOf(run)));
}
