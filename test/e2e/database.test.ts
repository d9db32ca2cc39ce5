/** A database that cannot be used: exit code 5, and it is left as it is. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli, StartOptions, Started } from '../support/cli.js';
import { changeDatabase, whileLocked } from '../support/database.js';

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

/** On a server it is a migration more than is known that makes one newer. */
const NEWER = [
  `INSERT INTO migrations (version, checksum, applied_at) SELECT max(version) + 1, 'new', 0 FROM migrations`,
];

test('a database of a newer schema is refused and not touched', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  await changeDatabase(cli, ...(cli.database === null ? ['PRAGMA user_version = 999'] : NEWER));
  await expectUnavailable(cli, /the database has schema \d+, this queuectl knows \d+\nupgrade queuectl$/);
});

test('a database of something else is refused and not touched', async () => {
  const cli = createCli();
  await cli.ok('status');
  if (cli.database === null) await changeDatabase(cli, 'PRAGMA user_version = 0');
  await changeDatabase(cli, 'DROP TABLE migrations');
  await expectUnavailable(
    cli,
    /queue\.db is not a queue database\nmove it away|has a schema "queuectl" that is not ours\ngive the queue/,
  );
});

test('a command waits for a locked database as long as it is told to, then gives up', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  let patient: Started | undefined;
  await whileLocked(cli, async () => {
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
    patient = cli.start(['enqueue', '-q', '--', 'true']);
  });
  // What a refused command would have stored has no number on SQLite, and has used one up on a server.
  expect(await patient?.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[2-4]\n$/) });
  expect(linesOf(await cli.ok('list', '-q'))).toHaveLength(2);
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
