import { DatabaseSync } from '@photostructure/sqlite';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Connection } from '../../../src/store/sqlite/connection.js';
import { networkFileSystem } from '../../../src/store/sqlite/network-file-system.js';
import { prepareSchema } from '../../../src/store/sqlite/schema.js';
import { runProgram } from '../../support/programs.js';
import { insert, openTestStore, owner, temporaryHome } from '../../support/stores.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

test('every connection waits for the disk, and writes ahead', async () => {
  const home = temporaryHome();
  await openTestStore(home);
  for (let n = 0; n < 2; n++) {
    const connection = new Connection(join(home, 'queue.db'), 1000);
    onTestFinished(() => connection.close());
    await prepareSchema(connection);
    expect(await connection.rows('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await connection.rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await connection.rows('PRAGMA mmap_size')).toEqual([{ mmap_size: 0 }]);
  }
});

test('the connection that makes the database waits for the disk, too', async () => {
  const home = temporaryHome();
  mkdirSync(home, { mode: 0o700 });
  const connection = new Connection(join(home, 'queue.db'), 1000);
  onTestFinished(() => connection.close());
  await prepareSchema(connection);
  expect(await connection.rows('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
  expect(await connection.rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
});

test('whatever the umask, the home and all in it are for its owner alone', async () => {
  const umask = process.umask(0);
  try {
    const home = temporaryHome();
    const store = await openTestStore(home);
    await store.openSession(owner());
    await insert(store);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    const entries = readdirSync(home, { recursive: true, withFileTypes: true });
    expect(entries.map((entry) => entry.name)).toEqual(
      expect.arrayContaining(['queue.db', 'queue.db-wal', 'doorbell', 'run']),
    );
    for (const entry of entries) {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
      expect(mode.toString(8), entry.name).toBe(entry.isDirectory() ? '700' : '600');
    }
  } finally {
    process.umask(umask);
  }
});

test('a home in which others may write is refused', async () => {
  const home = temporaryHome();
  mkdirSync(home);
  chmodSync(home, 0o777);
  await expect(openTestStore(home)).rejects.toMatchObject({
    code: 'not_permitted',
    hint: `chmod go-w ${home}`,
  });
  expect(readdirSync(home)).toEqual([]);
});

test('a directory in place of the database is not permitted, with a reason', async () => {
  const home = temporaryHome();
  mkdirSync(join(home, 'queue.db'), { recursive: true, mode: 0o700 });
  await expect(openTestStore(home)).rejects.toMatchObject({
    name: 'QueueError',
    message: expect.stringContaining('queue.db') as string,
  });
});

test('a file in place of the home is not permitted', async () => {
  const home = temporaryHome();
  writeFileSync(home, '');
  await expect(openTestStore(home)).rejects.toMatchObject({ code: 'not_permitted' });
  await expect(openTestStore(join(home, 'below'))).rejects.toMatchObject({ code: 'not_permitted' });
});

test('a home that cannot be written is not permitted to an ordinary user', async (context) => {
  if (!isRoot) return context.skip('needs root, to become another user');
  const home = temporaryHome();
  chmodSync(dirname(home), 0o755);
  mkdirSync(home, { mode: 0o500 });
  chownSync(home, NOBODY, NOBODY);
  const said = await runProgram('open', { home, uid: NOBODY });
  expect(said).toMatchObject({ ok: false, error: 'QueueError', code: 'not_permitted' });
  expect(readdirSync(home)).toEqual([]);
  const parent = await runProgram('open', { home: join(home, 'below'), uid: NOBODY });
  expect(parent).toMatchObject({ ok: false, error: 'QueueError', code: 'not_permitted' });
});

test('a database that cannot be written is not permitted to an ordinary user', async (context) => {
  if (!isRoot) return context.skip('needs root, to become another user');
  const home = temporaryHome();
  chmodSync(dirname(home), 0o755);
  const store = await openTestStore(home);
  await store.close();
  for (const path of [home, join(home, 'queue.db'), join(home, 'doorbell')]) chownSync(path, NOBODY, NOBODY);
  chmodSync(join(home, 'queue.db'), 0o000);
  expect(await runProgram('open', { home, uid: NOBODY })).toMatchObject({
    error: 'QueueError',
    code: 'not_permitted',
  });
  const stranger = await runProgram('open', { home, uid: NOBODY - 1 });
  expect(stranger).toMatchObject({ error: 'QueueError', code: 'not_permitted' });
});

test('a home with two databases mixes nothing: what lies beside the database is under its id', async () => {
  const home = temporaryHome();
  const first = await openTestStore(home);
  await first.openSession(owner());
  await first.close();
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(join(home, `queue.db${suffix}`)))
      renameSync(join(home, `queue.db${suffix}`), join(home, `old.db${suffix}`));
  const second = await openTestStore(home);
  expect(second.runDir).not.toBe(first.runDir);
  expect(await second.listSessions()).toEqual([]);
});

test('a worker notices that the database was replaced or removed under it', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const session = await store.openSession(owner());
  await store.outlook(session);
  rmSync(join(home, 'queue.db'));
  new DatabaseSync(join(home, 'queue.db')).close();
  await expect
    .poll(
      async () =>
        store.outlook(session).then(
          () => 'fine',
          (error: { code: string }) => error.code,
        ),
      { timeout: 3000 },
    )
    .toBe('store_lost');
});

test.each([
  [0x6969, 'NFS'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42 | 0, 'CIFS'],
  [0x01021997, '9P'],
])('file system %i is %s, where locks do not hold', (type, name) => {
  expect(networkFileSystem(type)).toBe(name);
});

test.each([0xef53, 0x9123683e, 0x01021994, 0x58465342, 0x794c7630, 0x2fc12fc1])(
  'file system %i is a local one',
  (type) => {
    expect(networkFileSystem(type)).toBeNull();
  },
);
