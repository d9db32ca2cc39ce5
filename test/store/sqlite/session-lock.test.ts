import { copyFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bootId } from '../../../src/launcher/process-identity.js';
import { rescueDeadSessions } from '../../../src/maintenance/rescue.js';
import { openDatabase } from '../../../src/store/sqlite/driver.js';
import { startProgram } from '../../support/programs.js';
import { openTestStore, owner, temporaryHome } from '../../support/stores.js';

const locksIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.lock'));
const tracesIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.includes('.lock'));

test('a lock file that is missing proves nothing: the session is not taken for dead', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const program = await startProgram('session', { home });
  await program.next();
  for (const name of locksIn(store.runDir)) rmSync(join(store.runDir, name));
  expect(await store.listDeadSessions(bootId())).toEqual([]);
  await program.kill();
  expect(await store.listDeadSessions(bootId())).toEqual([]);
});

test('nor does a lock file that was replaced, though nobody holds the new one', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const program = await startProgram('session', { home });
  await program.next();
  const [name] = locksIn(store.runDir);
  const path = join(store.runDir, name ?? '');
  copyFileSync(path, `${path}.copy`);
  renameSync(`${path}.copy`, path);
  expect(await store.listDeadSessions(bootId())).toEqual([]);
});

test('a lock file of rubbish does not stop a look at the others', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const programs = [await startProgram('session', { home }), await startProgram('session', { home })];
  for (const program of programs) await program.next();
  for (const program of programs) await program.kill();
  const [name] = locksIn(store.runDir);
  writeFileSync(join(store.runDir, name ?? ''), 'rubbish'.repeat(1000));
  expect(await store.listDeadSessions(bootId())).toHaveLength(1);
});

test('a session whose launcher lives on is dead, but still ends what it ran; a missing lock proves nothing', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const launcherLock = store.newLockFile();
  const launcher = openDatabase(launcherLock, 0);
  onTestFinished(() => launcher.close());
  launcher.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  const program = await startProgram('session', { home, launcherLock });
  await program.next();
  expect(await store.listDeadSessions(bootId())).toEqual([]);
  await program.kill();
  expect(await store.listDeadSessions(bootId())).toMatchObject([{ cause: 'crash', isEnding: true }]);
  expect(await rescueDeadSessions(store)).toMatchObject({ left: 1 });
  launcher.exec('COMMIT');
  renameSync(launcherLock, `${launcherLock}.away`);
  expect(await rescueDeadSessions(store)).toMatchObject({ left: 1 });
  renameSync(`${launcherLock}.away`, launcherLock);
  expect(await store.listDeadSessions(bootId())).toMatchObject([{ cause: 'crash', isEnding: false }]);
  expect(await rescueDeadSessions(store)).toMatchObject({ left: 0 });
  expect(await store.listDeadSessions(bootId())).toEqual([]);
  expect(tracesIn(store.runDir)).toEqual([]);
});

test('a closed session leaves no lock, a rescued one neither', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const session = await store.openSession(owner());
  expect(locksIn(store.runDir)).toHaveLength(1);
  await store.closeSession(session);
  expect(tracesIn(store.runDir)).toEqual([]);
  const program = await startProgram('session', { home });
  await program.next();
  await program.kill();
  for (const dead of await store.listDeadSessions(bootId())) await store.rescueSession(dead.session, []);
  expect(tracesIn(store.runDir)).toEqual([]);
});

test('locks without a session are swept up once they are old; the others stay', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  await store.openSession(owner());
  const young = join(store.runDir, 'aaaa.lock');
  const old = join(store.runDir, 'bbbb.lock');
  for (const path of [young, old]) writeFileSync(path, '');
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(old, yesterday, yesterday);
  await store.sweepLocks();
  const left = locksIn(store.runDir);
  expect(left).toHaveLength(2);
  expect(left).toContain('aaaa.lock');
  expect(left).not.toContain('bbbb.lock');
  expect(await store.listDeadSessions(bootId())).toEqual([]);
});
