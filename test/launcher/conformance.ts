/** The specification of a launcher: every implementation passes it. */

import { describe } from 'vitest';

import type { Launcher } from '../../src/launcher/launcher.js';
import { exerciseEnding } from './conformance-ending.js';
import { exerciseFailures } from './conformance-failures.js';
import { exerciseOptions } from './conformance-options.js';
import { exerciseOutput } from './conformance-output.js';
import { exerciseProcess } from './conformance-process.js';
import { exerciseStops } from './conformance-stops.js';

export function exerciseLauncher(name: string, create: () => Launcher): void {
  describe.skipIf(process.platform === 'win32')(`launcher ${name}`, () => {
    const launcher = create();
    exerciseProcess(launcher);
    exerciseFailures(launcher);
    exerciseEnding(launcher);
    exerciseStops(launcher);
    exerciseOutput(launcher);
    exerciseOptions(launcher);
  });
}
