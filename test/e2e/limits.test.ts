/** What a job asks for its process, by the real commands. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NativeLauncher } from '../../src/launcher/native-launcher.js';
import { nativeLauncherPath } from '../../src/launcher/native-path.js';
import { BINARY, createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { isAlive, killQuietly, waitUntil } from '../support/processes.js';

const isRoot = process.getuid?.() === 0;
const forRoot = isRoot ? '' : ' (skipped: only root can)';
const canChange = isRoot && hasProgram('setpriv');
const isNative = await canRunNative();
const forNative = isNative ? '' : ' (skipped: needs the native launcher)';

async function canRunNative(): Promise<boolean> {
  const program = nativeLauncherPath();
  if (program === null) return false;
  const launcher = new NativeLauncher({ program });
  return launcher.ready().then(
    () => launcher.close().then(() => true),
    () => false,
  );
}

interface Shown {
  readonly state: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
}

/** Enqueues the command with one run, runs it, and shows it. */
async function shownAfter(cli: Cli, flags: readonly string[], command: string): Promise<Shown> {
  await cli.ok('enqueue', '--id', 'it', '--max-retries', '1', ...flags, '--', command);
  await cli.drain();
  return cli.json<Shown>('show', 'it');
}

test.skipIf(!isNative)(`a job over its memory limit gets no more memory${forNative}`, async () => {
  const cli = createCli();
  // Given as an argument, since perl would compute a constant before it says anything.
  const hungry = `perl -e '$| = 1; print "began\\n"; my $x = "a" x shift; print "not reached\\n"' 1073741824`;
  expect(await shownAfter(cli, ['--memory-limit', '200M'], hungry)).toMatchObject({
    state: 'dead',
    memory_limit_bytes: 200 * 2 ** 20,
  });
  expect(await cli.ok('logs', 'it')).toMatch(/^began\n[^]*Out of memory/i);
  expect(await cli.ok('show', 'it')).toContain('\nmemory_limit\t200M\n');
});

test.skipIf(!isNative)(
  `a job over its CPU limit is told so, and the reason says it${forNative}`,
  async () => {
    const cli = createCli();
    expect(await shownAfter(cli, ['--cpu-limit', '1s'], 'while :; do :; done')).toMatchObject({
      state: 'dead',
      exit_code: null,
      signal: 'SIGXCPU',
      reason: 'killed by SIGXCPU, over its CPU limit',
      cpu_limit_ms: 1000,
    });
    // The shell lives on: its child has used up its own time.
    const child = `sh -c 'while :; do :; done'; exit $?`;
    await cli.ok('enqueue', '--id', 'child', '--max-retries', '1', '--cpu-limit', '1s', '--', child);
    await cli.drain();
    expect(await cli.json('show', 'child')).toMatchObject({
      exit_code: 152,
      reason: 'exit code 152 (a program it ran was killed by SIGXCPU, over its CPU limit)',
    });
    expect(await cli.ok('show', 'child')).toMatch(/\tduration\tuser\tsystem\tmemory\t/);
  },
);

test.skipIf(!isNative)(`a job has its number of open files, umask and niceness${forNative}`, async () => {
  const cli = createCli();
  const flags = ['--open-files-limit', '40', '--umask', '027', '--nice', '7', '--process-limit', '4000'];
  const command = 'ulimit -n; nice; : > made; stat -c %a made; cat /proc/self/limits | grep processes';
  expect(await shownAfter(cli, flags, command)).toMatchObject({
    state: 'completed',
    open_files_limit: 40,
    umask: '027',
    nice: 7,
    process_limit: 4000,
  });
  const printed = linesOf(await cli.ok('logs', 'it'));
  expect(printed.slice(0, 3)).toEqual(['40', '7', '640']);
  expect(printed[3]).toMatch(/Max processes +4000 +4000/);
  const shown = await cli.ok('show', 'it');
  for (const line of ['open_files_limit\t40', 'umask\t027', 'nice\t7', 'process_limit\t4000'])
    expect(shown).toContain(`\n${line}\n`);
});

test('a job reads what it was given, inline or from a file where its caller was', async () => {
  const cli = createCli();
  expect(await shownAfter(cli, ['--stdin', 'two\nlines\n'], 'cat')).toMatchObject({
    state: 'completed',
    stdin: 'two\nlines\n',
    stdin_file: null,
  });
  expect(await cli.ok('logs', 'it')).toBe('two\nlines\n');
  mkdirSync(cli.path('elsewhere'));
  writeFileSync(cli.path('input'), 'of the caller\n');
  await cli.ok('enqueue', '--stdin-file', 'input', '--cwd', 'elsewhere', '--', 'cat');
  await cli.drain();
  expect(await cli.ok('logs', '2')).toBe('of the caller\n');
  expect(await cli.json('show', '2')).toMatchObject({ stdin_file: cli.path('input') });
  expect(await cli.run(['run', '--stdin', 'now', '--', 'cat'])).toMatchObject({ code: 0, stdout: 'now' });
});

test('an input file that is gone fails the run with 126 and its name', async () => {
  const cli = createCli();
  expect(await shownAfter(cli, ['--stdin-file', 'gone'], 'cat')).toMatchObject({
    state: 'dead',
    exit_code: 126,
    reason: `cannot open its standard input ${cli.path('gone')}: no such file`,
  });
});

test('what a job leaves behind lives on where it asked for that, after its worker, too', async () => {
  const cli = createCli();
  const daemon = `setsid sh -c 'echo $$ > pid; exec sleep 600' > /dev/null 2>&1 & until test -s pid; do sleep 0.01; done`;
  expect(await shownAfter(cli, ['--stragglers', 'leave'], daemon)).toMatchObject({
    state: 'completed',
    reason: null,
    stragglers: 'leave',
  });
  const pid = Number(cli.read('pid'));
  expect(isAlive(pid)).toBe(true);
  killQuietly(pid);
  await waitUntil(() => !isAlive(pid), { what: 'the daemon to be gone' });
});

test.skipIf(!isRoot)(`a job runs as its user, with the home of its worker${forRoot}`, async () => {
  const cli = createCli();
  chmodSync(cli.directory, 0o755);
  const command = 'id -un; echo "$HOME"; touch in-here 2> /dev/null || echo not mine';
  expect(await shownAfter(cli, ['--user', 'nobody'], command)).toMatchObject({
    state: 'completed',
    user: 'nobody',
  });
  expect(await cli.ok('logs', 'it')).toBe(`nobody\n${cli.directory}\nnot mine\n`);
});

test.skipIf(!isRoot)(`a user that does not exist fails the run with 126${forRoot}`, async () => {
  const cli = createCli();
  expect(await shownAfter(cli, ['--user', 'no-such-user'], 'true')).toMatchObject({
    state: 'dead',
    exit_code: 126,
    reason: 'cannot run as no-such-user: there is no such user',
  });
});

test.skipIf(!canChange)(
  `a worker that is not root's changes no user${canChange ? '' : ' (skipped: needs root and setpriv)'}`,
  async () => {
    const cli = createCli();
    chmodSync(cli.directory, 0o777);
    const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
    const asNobody = { prefix: [...prefix, BINARY] };
    const words = ['run', '--user', 'root', '--', 'id'];
    expect(await cli.run(words, asNobody)).toMatchObject({
      code: 126,
      stdout: '',
      stderr: 'job 1: cannot run as root: only a worker that runs as root can change its user\n',
    });
  },
);
