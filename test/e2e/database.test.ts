/** A database that cannot be used: exit code 5, and it is left as it is. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/driver.js';
import { createCli, hasProgram } from '../support/cli.js';
import type { Cli, StartOptions } from '../support/cli.js';
import { startProgram } from '../support/programs.js';

/** `says` matches the error and its hint, without the words before them. */
async function expectUnavailable(cli: Cli, says: RegExp, options?: StartOptions): Promise<void> {
  for (const args of [['enqueue', '--', 'true'], ['status'], ['worker', 'start', '--until-empty']]) {
    const refused = await cli.run(args, options);
    expect({ args, ...refused }).toMatchObject({ args, code: 5, stdout: '' });
    const [, message = '', hint = ''] = /^error: (.+)\nhint: (.+)\n$/.exec(refused.stderr) ?? [];
    expect(`${message}\n${hint}`).toMatch(says);
  }
  const json = await cli.run(['list', '--json'], options);
  expect(json).toMatchObject({ code: 5, stdout: '' });
  const { error } = JSON.parse(json.stderr) as { error: Record<string, unknown> };
  expect(`${String(error['message'])}\n${String(error['hint'])}`).toMatch(says);
  expect((await cli.run(['run', '--', 'true'], options)).code).toBe(125);
}

test('a corrupt database is refused and not replaced', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const path = `${cli.home}/queue.db`;
  // What has not been checkpointed yet would hide the damage.
  for (const name of ['-wal', '-shm']) rmSync(`${path}${name}`, { force: true });
  const garbage = Buffer.alloc(readFileSync(path).length, 'not a database. ');
  writeFileSync(path, garbage);
  await expectUnavailable(cli, /the database .*queue\.db is (corrupt|not a queue database)\nrestore/);
  expect(readFileSync(path).equals(garbage)).toBe(true);
});

test('a database that was emptied is refused: nothing begins on top of it', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  await cli.drain();
  for (const name of ['-wal', '-shm']) rmSync(`${cli.home}/queue.db${name}`, { force: true });
  truncateSync(`${cli.home}/queue.db`);
  await expectUnavailable(cli, /queue\.db is empty, but was not always\nrestore/);
});

test('a database of a newer schema is refused and not touched', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const database = openDatabase(`${cli.home}/queue.db`, 5000);
  database.exec('PRAGMA user_version = 999');
  database.close();
  await expectUnavailable(cli, /the database has schema 999, this queuectl knows \d+\nupgrade queuectl$/);
});

test('a database of something else is refused and not touched', async () => {
  const cli = createCli();
  await cli.ok('status');
  const database = openDatabase(`${cli.home}/queue.db`, 5000);
  database.exec('PRAGMA user_version = 0; DROP TABLE migrations');
  database.close();
  await expectUnavailable(cli, /queue\.db is not a queue database\nmove it away/);
});

test('a command waits for a locked database as long as it is told to, then gives up', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const holder = await startProgram('lock', { home: cli.home });
  await holder.next();
  const begun = performance.now();
  const refused = await cli.run(['enqueue', '--lock-timeout', '300ms', '--', 'true']);
  expect(refused).toMatchObject({
    code: 5,
    stdout: '',
    stderr: expect.stringMatching(/^error: .*locked.*\nhint: .+\n$/),
  });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(300);
  // Readers do not wait for a writer.
  expect(await cli.ok('list', '-q')).toBe('1\n');
  const patient = cli.start(['enqueue', '-q', '--', 'true']);
  await holder.finish();
  expect(await patient.ended).toMatchObject({ code: 0, stdout: '2\n' });
});

/** Answers statfs with the magic number of NFS. */
const NFS_SHIM = `
#define _GNU_SOURCE
#include <string.h>
#include <sys/vfs.h>
int statfs(const char *path, struct statfs *buf) { (void)path; memset(buf, 0, sizeof *buf); buf->f_type = 0x6969; return 0; }
int statfs64(const char *path, struct statfs64 *buf) { (void)path; memset(buf, 0, sizeof *buf); buf->f_type = 0x6969; return 0; }
`;

test('a home on a network file system is refused, with the reason', async ({ skip }) => {
  if (!hasProgram('cc')) skip('there is no C compiler');
  const cli = createCli();
  writeFileSync(cli.path('nfs.c'), NFS_SHIM);
  expect(await cli.shell('cc -shared -fPIC -o nfs.so nfs.c')).toMatchObject({ code: 0 });
  await expectUnavailable(cli, /NFS/, { env: { LD_PRELOAD: cli.path('nfs.so') } });
  expect(existsSync(`${cli.home}/queue.db`)).toBe(false);
});
