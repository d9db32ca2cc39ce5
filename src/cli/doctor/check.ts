/** What a check of `doctor` is, and what it finds. */
import type { Store } from '../../store/store.js';

export interface Patient {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly lockTimeoutMs: number;
  /** Reads the whole database, indexes against tables. */
  readonly isDeep: boolean;
}

export interface OpenPatient extends Patient {
  readonly store: Store;
}

type Verdict = 'ok' | 'warn' | 'fail' | 'not_checked';

export interface Finding {
  readonly verdict: Verdict;
  readonly found: string;
  /** What a person does about it. */
  readonly mend?: string | undefined;
}

/** Changes nothing but in `mend`, which says each thing that it did, and does only what cannot lose anything. */
export interface Check<P extends Patient = Patient> {
  readonly name: string;
  readonly look: (patient: P) => Promise<Finding>;
  readonly mend?: (patient: P) => Promise<string[]>;
}

export function ok(found: string): Finding {
  return { verdict: 'ok', found };
}

export function warn(found: string, mend?: string): Finding {
  return { verdict: 'warn', found, mend };
}

export function fail(found: string, mend?: string): Finding {
  return { verdict: 'fail', found, mend };
}

export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

const MOST_NAMED = 5;

/** The first few, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
