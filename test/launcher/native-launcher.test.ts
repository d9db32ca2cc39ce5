import { describe } from 'vitest';

import type { Launcher } from '../../src/launcher/launcher.js';
import { NativeLauncher } from '../../src/launcher/native-launcher.js';
import { buildLauncher, whyNot } from '../native/build.js';
import { exerciseLauncher } from './conformance.js';
import { keepOutput } from './runs.js';

const program = buildLauncher();

/** What every launcher promises, without what only this one tells. */
function plainLauncher(path: string): Launcher {
  const native = new NativeLauncher({ program: path });
  return {
    name: 'native',
    capabilities: native.capabilities,
    lockFile: native.lockFile,
    run: async (spec, signal) => {
      const { cause, exitCode, signal: name, message, output } = await native.run(spec, signal);
      keepOutput(spec, output);
      return { cause, exitCode, signal: name, message };
    },
    setDeadline: (deadline) => native.setDeadline(deadline),
    withdraw: () => native.withdraw(),
    close: () => native.close(),
  };
}

describe.skipIf(program === null)(`where it can be built${whyNot(program)}`, () => {
  exerciseLauncher('native', () => plainLauncher(program ?? ''));
});
