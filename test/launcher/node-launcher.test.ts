import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { expect, test } from 'vitest';

import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
import { exerciseLauncher } from './conformance.js';
import { never, shell } from './runs.js';

exerciseLauncher('node', createNodeLauncher);

test.skipIf(process.platform === 'win32')('output is appended to what is there', async () => {
  const trial = shell('echo new');
  mkdirSync(dirname(trial.spec.outputFile), { recursive: true });
  writeFileSync(trial.spec.outputFile, 'old\n');
  expect(await createNodeLauncher().run(trial.spec, never)).not.toHaveProperty('output');
  expect(trial.output()).toBe('old\nnew\n');
});

// The native launcher keeps its log off such a file: test/launcher/native-disk.test.ts.
test.runIf(existsSync('/dev/full'))('a full disk loses the log, not the job', async () => {
  const launcher = createNodeLauncher();
  let heard = '';
  const listened = shell('echo lost; exit 6', {
    onOutput: (_, chunk) => (heard += Buffer.from(chunk).toString()),
    outputFile: '/dev/full',
  });
  const exit = await launcher.run(listened.spec, never);
  expect(exit).toMatchObject({ cause: 'exited', exitCode: 6 });
  expect(exit.message).toContain('ENOSPC');
  expect(heard).toBe('lost\n');
  const plain = shell('echo lost; exit 6', { outputFile: '/dev/full' });
  expect(await launcher.run(plain.spec, never)).toMatchObject({ cause: 'exited', exitCode: 6 });
});
