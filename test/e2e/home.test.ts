/** The home directory: what is made there, and what is refused. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCli, BINARY, hasProgram } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

/** Every path under the directory with its mode: "0600 queue.db". */
function modesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
    const stat = lstatSync(join(directory, name));
    return `${stat.isDirectory() ? 'd' : '-'}${(stat.mode & 0o7777).toString(8)} ${name}`;
  });
}

/** With an ordinary user's rights: root may do everything. */
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, BINARY];

function whyNotAsNobody(): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return hasProgram('setpriv') ? undefined : 'setpriv is not installed';
}

async function expectNotPermitted(
  cli: Cli,
  home: string,
  message: RegExp,
  prefix?: readonly string[],
): Promise<void> {
  const options = { env: { QUEUECTL_HOME: home }, ...(prefix && { prefix }) };
  for (const args of [
    ['enqueue', '--', 'true'],
    ['list'],
    ['worker', 'start', '--until-empty'],
    ['config', 'set', 'jitter', '1'],
  ]) {
    const refused = await cli.run(args, options);
    expect({ args, ...refused }).toMatchObject({ args, code: 6, stdout: '' });
    expect(refused.stderr).toMatch(/^error: .+\nhint: .+\n$/);
    expect(refused.stderr).toMatch(message);
  }
  expect((await cli.run(['run', '--', 'true'], options)).code).toBe(125);
}

test.each(['000', '077'])('all is for its owner alone, with umask %s', async (umask) => {
  const cli = createCli();
  const commands = [
    `umask ${umask}`,
    `queuectl enqueue -- 'head -c 20000 /dev/zero; umask'`,
    'queuectl enqueue -- "sleep 600"',
    'queuectl config set jitter 1',
  ];
  expect((await cli.shell(commands.join('\n'))).code).toBe(0);
  const words = [`umask ${umask}; exec "$0" "$@"`, process.execPath, BINARY, 'worker', 'start'];
  const worker = cli.start(words, { prefix: ['sh', '-c'] });
  await worker.saw('Claimed job 2');
  const modes = modesUnder(cli.home);
  expect(modes.length).toBeGreaterThan(8);
  expect(modes.filter((line) => !/^(d700|-600) /.test(line))).toEqual([]);
  expect((statSync(cli.home).mode & 0o777).toString(8)).toBe('700');
  // The job itself has the umask of its worker.
  expect((await cli.ok('logs', '1')).slice(20_000)).toBe(`0${umask}\n`);
  worker.signal('SIGTERM');
  await worker.saw('Shutting down');
  await worker.kill('SIGTERM');
});

test('without QUEUECTL_HOME the home is ~/.queuectl, and every command makes it', async () => {
  const cli = createCli();
  const { code, stdout } = await cli.run(['config', 'path'], { env: { QUEUECTL_HOME: undefined } });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${cli.directory}/.queuectl/config.json\n` });
  expect((await cli.run(['status', '-q'], { env: { QUEUECTL_HOME: '' } })).code).toBe(0);
  expect(statSync(cli.path('.queuectl')).mode & 0o777).toBe(0o700);
  // Elsewhere the database is none of its files.
  expect(modesUnder(cli.path('.queuectl')).includes('-600 queue.db')).toBe(cli.database === null);
});

test('a relative home is the one seen from where the command runs, and holds for its jobs', async () => {
  const cli = createCli();
  const env = { QUEUECTL_HOME: 'here' };
  expect((await cli.run(['run', '--cwd', '/', '--', 'echo $QUEUECTL_HOME'], { env })).stdout).toBe(
    `${cli.path('here')}\n`,
  );
});

test('a file in the place of the home is refused', async () => {
  const cli = createCli();
  writeFileSync(cli.path('file'), '');
  await expectNotPermitted(
    cli,
    cli.path('file'),
    /there is a file in its place\n|a part of the path is not a directory\n/,
  );
  await expectNotPermitted(cli, cli.path('file/home'), /a part of the path is not a directory\n/);
});

test('a home that others can write is refused, with the command that mends it', async () => {
  const cli = createCli();
  mkdirSync(cli.path('open'));
  chmodSync(cli.path('open'), 0o777);
  await expectNotPermitted(
    cli,
    cli.path('open'),
    /open can be written by other users\nhint: chmod go-w .*open\n/,
  );
  expect(readdirSync(cli.path('open'))).toEqual([]);
});

test('a home that cannot be made, or belongs to another user, is refused', async ({ skip }) => {
  const why = whyNotAsNobody();
  if (why !== undefined) skip(why);
  const cli = createCli();
  chmodSync(cli.directory, 0o755);
  const prefix = process.getuid?.() === 0 ? AS_NOBODY : undefined;
  mkdirSync(cli.path('closed'), { mode: 0o555 });
  await expectNotPermitted(cli, cli.path('closed/home'), /permission denied\n/, prefix);
  if (prefix === undefined) return;
  await cli.ok('status');
  await expectNotPermitted(cli, cli.home, /belongs to another user\n|permission denied\n/, prefix);
});

test('a home where no directory can be is refused, not tried without end', async () => {
  const cli = createCli();
  const refused = await cli.run(['enqueue', '--', 'true'], { env: { QUEUECTL_HOME: '/proc/queuectl' } });
  expect(refused).toMatchObject({ code: 5, stdout: '' });
  expect(refused.stderr).toMatch(/^error: cannot make the directory \/proc\/queuectl: /);
});
