/** The states of a job and every change between them. The schema's CHECKs and docs/job-lifecycle.md repeat this page. */

export const STATES = [
  'scheduled',
  'pending',
  'processing',
  'failed',
  'blocked',
  'held',
  'completed',
  'dead',
  'cancelled',
] as const;

export type State = (typeof STATES)[number];

/** What may be done to a job: from which state, into which. A state that an operation does not name refuses it. */
export const TRANSITIONS = {
  promote: { scheduled: ['pending'], failed: ['pending'] },
  claim: { pending: ['processing'] },
  finish: { processing: ['completed', 'failed', 'dead', 'cancelled'] },
  give_back: { processing: ['pending', 'scheduled', 'cancelled'] },
  rescue: { processing: ['pending', 'scheduled', 'dead', 'cancelled'] },
  cancel: {
    scheduled: ['cancelled'],
    pending: ['cancelled'],
    failed: ['cancelled'],
    blocked: ['cancelled'],
    held: ['cancelled'],
    processing: ['processing'],
  },
  hold: { scheduled: ['held'], pending: ['held'], failed: ['held'] },
  release: { held: ['pending', 'scheduled'] },
  retry: {
    dead: ['pending', 'scheduled'],
    cancelled: ['pending', 'scheduled'],
    completed: ['pending', 'scheduled'],
    failed: ['pending', 'scheduled'],
  },
} as const satisfies Record<string, Partial<Record<State, readonly State[]>>>;

export type Operation = keyof typeof TRANSITIONS;

/** The states that the operation takes a job out of. */
export function statesBefore(operation: Operation): State[] {
  return STATES.filter((state) => state in TRANSITIONS[operation]);
}

/** May the operation take a job from one state into the other? */
export function isAllowed(operation: Operation, from: State, to: State): boolean {
  const targets: Partial<Record<State, readonly State[]>> = TRANSITIONS[operation];
  return targets[from]?.includes(to) ?? false;
}

export function isState(text: string): text is State {
  return (STATES as readonly string[]).includes(text);
}

/** A job that runs is neither removed nor given other settings. */
export const AT_REST = STATES.filter((state) => state !== 'processing');

/** Nothing but a person's retry takes a job out of these. */
export const FINAL_STATES = ['completed', 'dead', 'cancelled'] as const satisfies readonly State[];

export type FinalState = (typeof FINAL_STATES)[number];

export function isFinal(state: State): state is FinalState {
  return (FINAL_STATES as readonly State[]).includes(state);
}
