import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { bundle } from './bundle.js';
import { shell, type TrialRun } from './runs.js';

/** Runs one spec twice in a process of its own: while it has nothing left, and after it has again. */
async function runStarved(
  trial: TrialRun,
  starve: string,
  release: string,
  asNobody: boolean,
): Promise<unknown> {
  const program = await bundle(`
    import { closeSync, openSync } from 'node:fs';
    import { execFileSync } from 'node:child_process';
    import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
    const launcher = createNodeLauncher();
    const spec = ${JSON.stringify(trial.spec)};
    const signal = new AbortController().signal;
    ${starve}
    const starved = await launcher.run(spec, signal);
    ${release}
    console.log(JSON.stringify([starved, await launcher.run(spec, signal)]));
  `);
  chmodSync(trial.dir, 0o777);
  const nobody = asNobody && process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const result: unknown = JSON.parse(
    execFileSync('prlimit', ['--nofile=256:256', process.execPath, program], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
      ...nobody,
    }),
  );
  return result;
}

const isFine = { cause: 'exited', exitCode: 0, message: null };

describe.runIf(process.platform === 'linux')('a machine in trouble', () => {
  test('without a free descriptor the run is given back, and works later', async () => {
    const exits = await runStarved(
      shell('exit 0'),
      `const fds = []; try { for (;;) fds.push(openSync('/dev/null', 'r')); } catch {}`,
      `for (const fd of fds) closeSync(fd);`,
      false,
    );
    expect(exits).toMatchObject([
      { cause: 'no_resources', message: 'this process has too many open files' },
      isFine,
    ]);
  });

  test('with descriptors for its files but not for the start it is given back, and works later', async () => {
    for (const free of [1, 2, 3, 4]) {
      const exits = await runStarved(
        shell('exit 0'),
        `const fds = []; try { for (;;) fds.push(openSync('/dev/null', 'r')); } catch {}
         for (const fd of fds.splice(0, ${free})) closeSync(fd);`,
        `for (const fd of fds) closeSync(fd);`,
        false,
      );
      expect(exits).toMatchObject([
        { cause: expect.stringMatching(/^(no_resources|exited)$/) as string },
        isFine,
      ]);
    }
  });

  test('without a free process the run is given back', async () => {
    // The limit binds ordinary users only.
    const exits = await runStarved(
      shell('exit 0'),
      `const limit = (n) => execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=' + n + ':']); limit(1);`,
      ``,
      true,
    );
    expect(exits).toMatchObject([
      { cause: 'no_resources', message: 'the limit of processes is reached' },
      { cause: 'no_resources' },
    ]);
  });
});
