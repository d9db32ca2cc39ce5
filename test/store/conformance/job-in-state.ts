/** One job in any state, alone in a queue of its own, with the session that ran it last. */
import type { State } from '../../../src/job/state.js';
import type { Session } from '../../../src/store/store.js';
import { HOUR_MS, insert, TO } from '../../support/stores.js';
import type { StoreUnderTest } from './store-under-test.js';
import { claimOne, finish, openSession } from './workers.js';

export interface JobInState {
  readonly seq: number;
  readonly id: string;
  readonly run: number;
  readonly session: Session;
}

let queues = 0;

export async function makeJob(tested: StoreUnderTest, state: State): Promise<JobInState> {
  const { store } = tested;
  const queue = `only-${(queues += 1)}`;
  const waits = state === 'scheduled';
  const { id, seq } = await insert(store, { queue, ...(waits && { start: { delayMs: HOUR_MS } }) });
  const session = await openSession(store, { queues: [queue] });
  const made = { id, seq, session };
  if (waits || state === 'pending') return { ...made, run: 0 };
  if (state === 'blocked' || state === 'held') {
    await tested.force(seq, state);
    return { ...made, run: 0 };
  }
  const { run } = await claimOne(store, session);
  if (state !== 'processing') await finish(store, session, { seq, run }, TO[state]);
  return { ...made, run };
}
