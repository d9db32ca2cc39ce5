import { describe, expect, test } from 'vitest';
import type { Change } from '../../../src/job/change.js';
import type { Transition } from '../../../src/job/decide.js';
import { STATES, statesBefore, TRANSITIONS } from '../../../src/job/state.js';
import type { Operation, State } from '../../../src/job/state.js';
import { QueueError } from '../../../src/errors.js';
import { ended, jobOf, TO } from '../../support/stores.js';
import { makeJob } from './job-in-state.js';
import type { JobInState } from './job-in-state.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';
import { forThisTest } from './workers.js';
import { cancelJob, changeJob } from './one-job.js';

/** 'done', or how the operation said no. */
type Answer = 'done' | 'lost' | 'nothing' | 'conflict';

interface Way {
  readonly operation: Operation;
  readonly name: string;
  /** The state that it must lead to, from wherever it is allowed. */
  readonly to: State;
  readonly refusal: Exclude<Answer, 'done'>;
  readonly act: (tested: StoreUnderTest, job: JobInState) => Promise<Answer>;
}

/** Every operation, in each of its ways. */
const WAYS: readonly Way[] = [
  {
    operation: 'promote',
    name: 'promote',
    to: 'pending',
    refusal: 'nothing',
    act: async ({ store, makeDue }, { seq, session, run }) => {
      await makeDue(seq);
      await store.exchange(session, { running: [{ seq, run }], finished: [], free: 0 });
      return 'nothing';
    },
  },
  {
    operation: 'claim',
    name: 'claim',
    to: 'processing',
    refusal: 'nothing',
    act: async ({ store }, { seq, session, run }) => {
      const running = [{ seq, run }];
      const { claims } = await store.exchange(session, { running, finished: [], free: 1 });
      return claims.some((job) => job.seq === seq) ? 'done' : 'nothing';
    },
  },
  ...(['completed', 'failed', 'dead', 'cancelled'] as const).map((to) => report('finish', to, TO[to])),
  ...(['pending', 'scheduled', 'cancelled'] as const).map((to) => report('give_back', to, TO[to])),
  ...(['pending', 'scheduled', 'dead', 'cancelled'] as const).map((to) => rescue(to, TO[to])),
  {
    operation: 'give_back',
    name: 'give back what the session does not know of',
    to: 'pending',
    refusal: 'nothing',
    act: async ({ store }, { session }) => {
      await store.exchange(session, { running: [], finished: [], free: 0 });
      return 'nothing';
    },
  },
  {
    operation: 'give_back',
    name: 'give back by closing the session',
    to: 'pending',
    refusal: 'nothing',
    act: async ({ store }, { session }) => {
      await store.closeSession(session);
      return 'nothing';
    },
  },
  cancel('cancelled', 'cancel of a job that waits'),
  cancel('processing', 'cancel of a job that runs'),
  change('retry', 'pending', { kind: 'retry', from: statesBefore('retry'), delayMs: 0 }),
  change('retry', 'scheduled', { kind: 'retry', from: statesBefore('retry'), delayMs: 60_000 }),
  change('hold', 'held', { kind: 'hold' }),
  change('release', 'pending', { kind: 'release' }),
  {
    operation: 'release',
    name: 'release of a job whose time has not come',
    to: 'scheduled',
    refusal: 'conflict',
    act: async ({ store }, { id }) => {
      const isAhead = (await jobOf(store, id)).state === 'held';
      if (isAhead) await changeJob(store, id, { kind: 'set', settings: { delay: '1h' } });
      return orConflict(changeJob(store, id, { kind: 'release' }));
    },
  },
];

function change(operation: Operation, to: State, asked: Change): Way {
  return {
    operation,
    name: `${operation} to ${to}`,
    to,
    refusal: 'conflict',
    act: ({ store }, { id }) => orConflict(changeJob(store, id, asked)),
  };
}

async function orConflict(change: Promise<unknown>): Promise<Answer> {
  try {
    await change;
    return 'done';
  } catch (error) {
    if (error instanceof QueueError && error.code === 'conflict') return 'conflict';
    throw error;
  }
}

/** Which of the two it is, the state decides: where it is the other one, this one is not what happens. */
function cancel(to: State, name: string): Way {
  return {
    operation: 'cancel',
    name,
    to,
    refusal: 'conflict',
    act: async ({ store }, { id }) => {
      const isOther = ((await jobOf(store, id)).state === 'processing') !== (to === 'processing');
      const request = { signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' };
      return isOther ? 'conflict' : orConflict(cancelJob(store, id, request));
    },
  };
}

function report(operation: Operation, to: State, transition: Transition): Way {
  return {
    operation,
    name: `${operation} as ${to}`,
    to,
    refusal: 'lost',
    act: async ({ store }, { seq, run, session }) => {
      const request = { running: [], finished: [ended({ seq, run }, transition)], free: 0 };
      const { lost } = await store.exchange(session, request);
      return lost.some((key) => key.seq === seq) ? 'lost' : 'done';
    },
  };
}

/** Another process records what was lost with the session. */
function rescue(to: State, transition: Transition): Way {
  return {
    operation: 'rescue',
    name: `rescue as ${to}`,
    to,
    refusal: 'nothing',
    act: async ({ connect }, { seq, run, session }) => {
      const other = await connect();
      await other.rescueSession(session, [ended({ seq, run }, transition, { outcome: 'lost' })]);
      return 'nothing';
    },
  };
}

export function exerciseStates(open: OpenStoreUnderTest): void {
  describe('every state against every operation', () => {
    test('the ways below reach every end that the table of transitions has for them', () => {
      for (const operation of [
        'promote',
        'claim',
        'finish',
        'give_back',
        'rescue',
        'cancel',
        'hold',
        'release',
        'retry',
      ] as const) {
        const reached = WAYS.filter((way) => way.operation === operation).map((way) => way.to);
        expect(new Set(reached), operation).toEqual(new Set(Object.values(TRANSITIONS[operation]).flat()));
      }
    });

    test.each(WAYS)(
      '$name: $to where it is allowed; elsewhere $refusal, and nothing changes',
      async (way) => {
        const tested = await forThisTest(open);
        for (const from of STATES) {
          const made = await makeJob(tested, from);
          if (way.operation === 'promote') await tested.makeDue(made.seq);
          const before = await tested.storedJob(made.seq);
          const targets: Partial<Record<State, readonly State[]>> = TRANSITIONS[way.operation];
          const answer = await way.act(tested, made);
          const what = `${way.name} of a ${from} job`;
          if (targets[from]?.includes(way.to) === true) {
            expect((await jobOf(tested.store, made.id)).state, what).toBe(way.to);
            if (way.refusal !== 'nothing') expect(answer, what).toBe('done');
          } else {
            expect(answer, what).toBe(way.refusal);
            expect(await tested.storedJob(made.seq), what).toEqual(before);
          }
          expect(await tested.counters(), what).toEqual(await tested.countJobs());
        }
      },
    );
  });
}
