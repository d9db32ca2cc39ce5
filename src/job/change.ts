/** What a person does to jobs, checked. Pure. */
import type { Cancel } from './cancel.js';
import type { JobSettings } from './settings.js';
import { AT_REST, statesBefore } from './state.js';
import type { State } from './state.js';

export type Change =
  | { readonly kind: 'cancel'; readonly cancel: Cancel }
  /** `from`: a job in another state is refused. */
  | { readonly kind: 'retry'; readonly from: readonly State[]; readonly delayMs: number }
  | { readonly kind: 'remove'; readonly from: readonly State[] }
  | { readonly kind: 'hold' | 'release' }
  | { readonly kind: 'set'; readonly settings: JobSettings };

export type ChangeKind = Change['kind'];

/** The states in which a job can be changed so; in any other one it is refused. */
export function statesOfChange(change: Change): readonly State[] {
  switch (change.kind) {
    case 'retry':
      return statesBefore('retry').filter((state) => change.from.includes(state));
    case 'cancel':
    case 'hold':
    case 'release':
      return statesBefore(change.kind);
    case 'remove':
      return AT_REST.filter((state) => change.from.includes(state));
    case 'set':
      return AT_REST;
  }
}
