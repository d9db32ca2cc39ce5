import { expect, test } from 'vitest';
import { bootId } from '../../../src/launcher/process-identity.js';
import { processState, waitUntil } from '../../support/processes.js';
import { startProgram } from '../../support/programs.js';
import { insert, jobOf } from '../../support/stores.js';
import type { OpenStoreUnderTest } from './store-under-test.js';
import { forThisTest, openSession } from './workers.js';

/** For stores whose sessions hold a lock that the kernel drops when their process ends. */
export function exerciseLiveness(open: OpenStoreUnderTest): void {
  test('a session lives while its process does, and is dead as soon as that is killed', async () => {
    const { store, location, env = {} } = await forThisTest(open);
    const { id } = await insert(store);
    const program = await startProgram('session', { home: location, count: 1 }, { env });
    const said = await program.next();
    expect(said['claims']).toEqual([id]);
    expect(await store.listDeadSessions(bootId())).toEqual([]);

    await program.kill();
    const [dead, ...others] = await store.listDeadSessions(bootId());
    expect(others).toEqual([]);
    expect(dead).toMatchObject({ cause: 'crash', session: { id: said['id'], pid: program.pid } });
    if (dead === undefined) return;
    expect(await store.listOwned(dead.session)).toMatchObject([{ id, run: 1 }]);
    await store.rescueSession(dead.session, []);
    expect(await store.listDeadSessions(bootId())).toEqual([]);
    expect((await jobOf(store, id)).state).toBe('pending');
  });

  test('a process that was stopped is not dead', async () => {
    const { store, location, env = {} } = await forThisTest(open);
    const program = await startProgram('session', { home: location }, { env });
    await program.next();
    process.kill(program.pid, 'SIGSTOP');
    await waitUntil(() => processState(program.pid) === 'T', { what: 'the process to stop' });
    expect(await store.listDeadSessions(bootId())).toEqual([]);
    process.kill(program.pid, 'SIGCONT');
    await program.finish();
    expect(await store.listSessions()).toEqual([]);
  });

  test('looking at the living does them no harm, however often and from however many processes', async () => {
    const { store, connect } = await forThisTest(open);
    const session = await openSession(store);
    const others = await Promise.all([connect(), connect()]);
    for (let n = 0; n < 5; n++)
      for (const other of [store, ...others]) expect(await other.listDeadSessions(bootId())).toEqual([]);
    expect(await store.outlook(session)).toMatchObject({ sessionLives: true });
  });

  test('a session of an earlier boot died by the restart, and only once its lock is free', async () => {
    const { store, location, env = {} } = await forThisTest(open);
    const program = await startProgram('session', { home: location }, { env });
    await program.next();
    expect(await store.listDeadSessions('another-boot')).toEqual([]);
    await program.kill();
    expect(await store.listDeadSessions('another-boot')).toMatchObject([{ cause: 'reboot' }]);
  });

  test('jobs of a session whose record vanished are found; they can be rescued like those of a dead one', async () => {
    const { store, forgetSession } = await forThisTest(open);
    const { id } = await insert(store);
    const session = await openSession(store);
    await store.exchange(session, { running: [], finished: [], free: 1 });
    await forgetSession(session.id);
    const [vanished, ...others] = await store.listDeadSessions(bootId());
    expect(others).toEqual([]);
    expect(vanished).toMatchObject({ cause: 'vanished', session: { id: session.id } });
    if (vanished === undefined) return;
    await store.rescueSession(vanished.session, []);
    expect((await jobOf(store, id)).state).toBe('pending');
    expect(await store.listDeadSessions(bootId())).toEqual([]);
  });

  test('a store that closes with a session open leaves it dead, for others to rescue', async () => {
    const { store, connect } = await forThisTest(open);
    const { id } = await insert(store);
    const brief = await connect();
    const session = await openSession(brief);
    await brief.exchange(session, { running: [], finished: [], free: 1 });
    await brief.close();
    const dead = await store.listDeadSessions(bootId());
    expect(dead.map((each) => each.session.id)).toEqual([session.id]);
    expect((await jobOf(store, id)).state).toBe('processing');
  });
}
