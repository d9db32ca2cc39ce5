import { describe, expect, test } from 'vitest';
import { HOUR_MS, insert } from '../../support/stores.js';
import { startProgram } from '../../support/programs.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { forThisTest, openSession } from './workers.js';

const DEFAULT = { queue: 'default', handler: '' };
const MAIL = { queue: 'mail', handler: '' };
const ADD = { queue: 'mail', handler: 'add' };

export function exerciseUnserved(open: OpenStoreUnderTest): void {
  describe('jobs that no worker serves', () => {
    test('a queue with ready jobs is named until a worker of it lives', async () => {
      const { store } = await forThisTest(open);
      expect(await store.unservedLanes()).toEqual([]);
      expect(await store.unservedLanes([MAIL])).toEqual([MAIL]);
      await insert(store, { queue: 'mail' });
      await insert(store);
      expect(await store.unservedLanes()).toEqual([DEFAULT, MAIL]);
      const worker = await openSession(store, { queues: ['mail'] });
      expect(await store.unservedLanes()).toEqual([DEFAULT]);
      expect(await store.unservedLanes([MAIL, DEFAULT])).toEqual([DEFAULT]);
      await store.requestStop('gracefully', [worker.id]);
      expect(await store.unservedLanes()).toEqual([DEFAULT, MAIL]);
      await openSession(store);
      expect(await store.unservedLanes()).toEqual([]);
    });

    test('a job for a handler wants a worker with that handler, and a command one that runs commands', async () => {
      const { store } = await forThisTest(open);
      await insert(store, { queue: 'mail', handler: 'add', command: null });
      await openSession(store);
      expect(await store.unservedLanes()).toEqual([ADD]);
      await openSession(store, { handlers: ['add'], queues: ['mail'] });
      expect(await store.unservedLanes()).toEqual([]);
      await store.requestStop('now', [1]);
      expect(await store.unservedLanes([ADD, MAIL])).toEqual([MAIL]);
    });

    test('what falls due within a minute counts, later jobs and those of paused queues do not', async () => {
      const { store, makeDue } = await forThisTest(open);
      const { seq } = await insert(store, { start: { delayMs: HOUR_MS } });
      expect(await store.unservedLanes()).toEqual([]);
      await makeDue(seq);
      await insert(store, { queue: 'mail', start: { delayMs: 30_000 } });
      expect(await store.unservedLanes()).toEqual([DEFAULT, MAIL]);
      await store.pauseQueues(['mail']);
      expect(await store.unservedLanes()).toEqual([DEFAULT]);
      await store.pauseQueues(null);
      expect(await store.unservedLanes()).toEqual([]);
    });

    test('a foreground run serves nobody, and neither does a worker that was killed', async () => {
      const { store, location, env = {} } = await forThisTest(open);
      await insert(store);
      await openSession(store, { kind: 'run' });
      const program = await startProgram('session', { home: location }, { env });
      await program.next();
      expect(await store.unservedLanes()).toEqual([]);
      await program.kill();
      expect(await store.unservedLanes()).toEqual([DEFAULT]);
    });
  });
}
