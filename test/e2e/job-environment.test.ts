/** What a job is given: its environment, its directory, its input; and what it is told when those are missing. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

async function printedBy(cli: Cli, id: string): Promise<string[]> {
  return linesOf(await cli.ok('logs', id));
}

test("a job has its worker's environment without our secrets, then its own, then what it is told about itself", async () => {
  const cli = createCli();
  await cli.ok(
    'enqueue',
    '--id',
    'env',
    '-g',
    'mail',
    '-e',
    'OWN=job',
    '-e',
    'BOTH=job',
    '-e',
    'QUEUECTL_RUN=99',
    '--',
    'env',
  );
  const env = {
    BOTH: 'worker',
    INHERITED: 'worker',
    QUEUECTL_TOKEN: 'of-another-run',
  };
  const worker = cli.start(['worker', 'start', '--until-empty'], { env });
  expect((await worker.ended).code).toBe(0);
  const lines = await printedBy(cli, 'env');
  const found = Object.fromEntries(
    lines.map((line) => line.split(/=(.*)/s).slice(0, 2)) as [string, string][],
  );
  expect(found).toMatchObject({
    OWN: 'job',
    BOTH: 'job',
    INHERITED: 'worker',
    QUEUECTL_JOB_ID: 'env',
    QUEUECTL_RUN: '1',
    QUEUECTL_QUEUE: 'mail',
    QUEUECTL_WORKER_PID: String(worker.pid),
    QUEUECTL_HOME: cli.home,
    QUEUECTL_TOKEN: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(lines.join('\n')).not.toMatch(/QUEUECTL_DATABASE_URL|secret/);
});

test("a job runs in its caller's directory unless it says otherwise, with no input", async () => {
  const cli = createCli();
  await cli.shell('mkdir there && cd there && queuectl enqueue --id there -- pwd');
  await cli.ok('enqueue', '--id', 'root', '--cwd', '/', '--', 'pwd');
  await cli.ok('enqueue', '--id', 'relative', '-w', 'there', '--', 'pwd; readlink /proc/self/fd/0; cat');
  await cli.ok('enqueue', JSON.stringify({ id: 'json', command: 'pwd' }));
  await cli.enqueueAll([{ id: 'stream', command: 'pwd' }]);
  await cli.run(['worker', 'start', '--until-empty'], { cwd: '/tmp' });
  expect(await printedBy(cli, 'there')).toEqual([cli.path('there')]);
  expect(await printedBy(cli, 'root')).toEqual(['/']);
  expect(await printedBy(cli, 'relative')).toEqual([cli.path('there'), '/dev/null']);
  expect(await printedBy(cli, 'json')).toEqual([cli.directory]);
  expect(await printedBy(cli, 'stream')).toEqual([cli.directory]);
});

test('a missing directory or command fails the job with a plain reason, and the worker goes on', async () => {
  const cli = createCli();
  await cli.shell('mkdir gone; echo > plain; printf "#!/no/such/interpreter\\n" > script; chmod +x script');
  const once = { max_retries: 1 };
  await cli.enqueueAll([
    { id: 'no-directory', command: 'true', cwd: '/no/such/directory', ...once },
    { id: 'file-as-directory', command: ['true'], cwd: cli.path('plain'), ...once },
    { id: 'no-command', command: ['no-such-command', 'x'], ...once },
    { id: 'no-shell-command', command: 'no-such-command x', ...once },
    { id: 'not-executable', command: ['./plain', 'x'], ...once },
    { id: 'no-interpreter', command: ['./script', 'x'], ...once },
    { id: 'a-directory', command: ['/', 'x'], ...once },
    { id: 'gone', command: 'true', cwd: cli.path('gone'), ...once },
    { id: 'well', command: 'true' },
  ]);
  await cli.shell('rmdir gone');
  expect(await cli.drain()).toContain('Job well completed successfully.');
  type Dead = { id: string; exit_code: number; reason: string };
  const dead = await cli.json<Dead[]>('list', '--state', 'dead', '--fields', 'id,exit_code,reason');
  expect(
    Object.fromEntries(dead.map(({ id, exit_code: code, reason }) => [id, `${code} ${reason}`])),
  ).toEqual({
    'no-directory': '126 no such directory: /no/such/directory',
    'file-as-directory': `126 not a directory: ${cli.path('plain')}`,
    'no-command': '127 command not found: no-such-command',
    'no-shell-command': '127 exit code 127 (command not found)',
    'not-executable': '126 permission denied: ./plain',
    'no-interpreter': '126 bad interpreter: ./script names a program that does not exist',
    'a-directory': '126 is a directory: /',
    gone: `126 no such directory: ${cli.path('gone')}`,
  });
});
