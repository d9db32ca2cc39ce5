import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/store/store.js';
import { startProgram } from '../../support/programs.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { forThisTest, openSession } from './workers.js';

async function names(store: Store): Promise<(string | null)[]> {
  return (await store.listSessions()).map(({ name }) => name);
}

export function exerciseNames(open: OpenStoreUnderTest): void {
  describe('names of workers', () => {
    test('a worker without one gets the first of w1, w2, … that no living worker has', async () => {
      const { store } = await forThisTest(open);
      const first = await openSession(store);
      await openSession(store, { name: 'w3' });
      await openSession(store);
      await openSession(store);
      expect(await names(store)).toEqual(['w1', 'w3', 'w2', 'w4']);
      await store.closeSession(first);
      expect((await openSession(store)).name).toBe('w1');
    });

    test('no two living workers have the same name, however many ask for it at once', async () => {
      const { store, connect } = await forThisTest(open);
      const stores = [store, await connect(), await connect()];
      const opened = await Promise.allSettled(stores.map((each) => openSession(each, { name: 'mail' })));
      expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const each of opened)
        if (each.status === 'rejected')
          expect(each.reason).toMatchObject({
            code: 'conflict',
            message: expect.stringMatching(/^a worker named mail runs already \(pid \d+ on /),
          });
      expect(await names(store)).toEqual(['mail']);
      const defaults = await Promise.all(stores.map((each) => openSession(each)));
      expect(new Set(defaults.map(({ name }) => name))).toEqual(new Set(['w1', 'w2', 'w3']));
    });

    test('the name of a worker that was killed is free, before anybody has rescued it', async () => {
      const { store, location, env = {} } = await forThisTest(open);
      const program = await startProgram('session', { home: location }, { env });
      await program.next();
      expect(await names(store)).toEqual(['w1']);
      await expect(openSession(store, { name: 'w1' })).rejects.toMatchObject({ code: 'conflict' });
      await program.kill();
      expect((await openSession(store, { name: 'w1' })).name).toBe('w1');
      expect(await names(store)).toEqual(['w1', 'w1']);
    });

    test('a command in the foreground has no name', async () => {
      const { store } = await forThisTest(open);
      expect((await openSession(store, { kind: 'run', name: 'x' })).name).toBeNull();
    });
  });
}
