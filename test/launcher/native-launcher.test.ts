import { describe, test } from 'vitest';

import type { Exit, Launcher } from '../../src/launcher/launcher.js';
import { NativeLauncher } from '../../src/launcher/native-launcher.js';
import { buildLauncher } from '../native/build.js';
import { exerciseLauncher } from './conformance.js';

const program = buildLauncher();

/** What every launcher promises, without what only this one tells. */
function plainLauncher(path: string): Launcher {
  const native = new NativeLauncher({ program: path, output: 'plain' });
  return {
    name: 'native',
    capabilities: native.capabilities,
    run: async (spec, signal) => {
      const { cause, exitCode, signal: name, message } = await native.run(spec, signal);
      return { cause: cause as Exit['cause'], exitCode, signal: name, message };
    },
  };
}

if (program === null) describe.skip('launcher native: it cannot be built here', () => void test('', () => undefined));
else exerciseLauncher('native', () => plainLauncher(program));
